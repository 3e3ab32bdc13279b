import { appendFile, stat } from 'node:fs/promises';
import * as core from '@actions/core';
import { messageOf } from '../core/errors.ts';
import { agreedWeights } from '../release/agreement.ts';
import type { Release } from '../release/release.ts';
import { stepWeights } from '../core/weights.ts';
import { writeReport } from '../report/write-report.ts';
import { headlineOf } from '../report/headline.ts';
import type { Journal } from '../report/run-record.ts';
import { SUMMARY_LIMIT, summaryOf } from '../report/summary/summary.ts';
import type { Job } from './job.ts';
import { escapeForLog, jobLog } from './job-log.ts';
import { setOutputs } from './outputs.ts';

/** Everything that people and later steps get to see. What cannot be written is a warning: the release is what it is. */
export async function publish({ release, summary, report }: Job, journal: Journal): Promise<void> {
  lookAhead(release, journal);
  if (report !== undefined) await publishReport(report, journal);
  publishOutputs(journal);
  const { outcome, sentence, standing, next } = headlineOf(journal);
  if (outcome === 'pass')
    core.notice(escapeForLog(sentence), { title: escapeForLog(`${release.app}: pass`) });
  if (standing !== undefined) jobLog.info(standing);
  if (next !== undefined) jobLog.info(`Next: ${next}`);
  if (summary) await publishSummary(journal);
}

function publishOutputs(journal: Journal): void {
  try {
    setOutputs(journal);
  } catch (error) {
    jobLog.warn(`The outputs could not be set, so that later steps get none: ${messageOf(error)}`);
  }
}

async function publishReport(folder: string, journal: Journal): Promise<void> {
  try {
    await writeReport(folder, { ...journal, report: folder });
    journal.report = folder;
  } catch (error) {
    jobLog.warn(`The report could not be written into ${folder} (input report): ${messageOf(error)}`);
  }
}

async function publishSummary(journal: Journal): Promise<void> {
  const file = process.env['GITHUB_STEP_SUMMARY'];
  if (!file) return;
  try {
    await appendFile(file, summaryOf(journal, SUMMARY_LIMIT - (await stat(file)).size));
  } catch (error) {
    jobLog.warn(`The job summary could not be written into ${file}: ${messageOf(error)}`);
  }
}

/** The next step of the release, and whether it has come to its end. */
function lookAhead({ version, traffic }: Release, journal: Journal): void {
  const { operation, held } = journal;
  const weights = agreedWeights(held);
  // For a version that is taken out there is no step to come.
  if (operation === 'retire' || version === undefined || weights === undefined) return;
  const now = weights.get(version) ?? 0;
  const next = traffic.steps.find((step) => step > now);
  journal.next = next === undefined ? undefined : stepWeights(next, version, weights);
  journal.complete = now === 100 || (traffic.steps.length > 0 && next === undefined);
}
