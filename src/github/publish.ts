import { appendFile, mkdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { nextTurn } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { secrets } from '../core/secrets.ts';
import { agreedWeights } from '../release/cluster-weights.ts';
import type { Release } from '../release/release.ts';
import { stepWeights } from '../core/weights.ts';
import { confinedPath } from '../core/workspace.ts';
import { replaceFile } from '../report/replace-file.ts';
import { writeReport } from '../report/write-report.ts';
import { compareChanges } from '../report/net-changes.ts';
import { textsIn } from '../texts/texts.ts';
import { headlineOf } from '../report/headline.ts';
import type { RunRecord } from '../report/run-record.ts';
import { SUMMARY_LIMIT, summaryOf } from '../report/summary/summary.ts';
import type { Host } from './host.ts';
import type { Job } from './job.ts';
import { jobWorkspace } from './job-workspace.ts';
import type { RefusedJob } from './refused-job.ts';
import { inputLabel } from '../core/wording.ts';

/**
 * Publishes everything that people and later steps get to see. What cannot be written is a warning: the release is what it is.
 *
 * @returns the record as published, with the next step and the folder of the report
 */
export async function publish(
  host: Host,
  { release, summary, report }: Pick<Job, 'release' | 'summary' | 'report'>,
  run: RunRecord,
): Promise<RunRecord> {
  // Before anything is rendered: escaped or shortened, a secret is harder to recognize.
  const redacted = await secrets.redactInWithPauses<RunRecord>(
    { ...run, ...outlookOf(release, run) },
    nextTurn,
  );
  // With a part hidden, it leads nowhere.
  const ahead: RunRecord = { ...redacted, url: redacted.url === run.url ? run.url : undefined };
  await compareChanges(ahead.changes, nextTurn);
  const record =
    report === undefined ? ahead : { ...ahead, report: await publishReport(host, report, ahead) };
  publishOutputs(host, record);
  const { outcome, sentence, currentState, nextStep } = headlineOf(record, textsIn('en'));
  if (outcome === 'pass') host.notice(sentence, `${release.app}: pass`);
  if (currentState !== undefined) host.log.info(currentState);
  if (nextStep !== undefined) host.log.info(`Next: ${nextStep}`);
  if (summary) await publishSummary(host, record);
  return record;
}

/** Says why a job was refused, where its result would be. */
export async function publishRefusal(
  host: Host,
  { record: refused, summary, report }: Pick<RefusedJob, 'record' | 'summary' | 'report'>,
): Promise<void> {
  const record = secrets.redactIn(refused);
  host.keepRefusal(record);
  const folder = report === undefined ? undefined : await publishReport(host, report, record);
  if (summary) await publishSummary(host, { ...record, report: folder });
}

function publishOutputs(host: Host, record: RunRecord): void {
  try {
    host.setOutputs(record);
  } catch (error) {
    host.log.warn(`The outputs could not be set, so later steps get none: ${messageOf(error)}`);
  }
}

/** @returns the folder; undefined where the report could not be written */
async function publishReport({ log }: Host, folder: string, record: RunRecord): Promise<string | undefined> {
  try {
    await writeReport(folder, { ...record, report: folder }, jobWorkspace(), nextTurn);
    return folder;
  } catch (error) {
    log.warn(`The report could not be written into ${folder} (${inputLabel('report')}): ${messageOf(error)}`);
    return undefined;
  }
}

async function publishSummary(host: Host, record: RunRecord): Promise<void> {
  const target = host.summary();
  if (target === undefined) return;
  const { file, mode } = target;
  try {
    if (mode === 'append') {
      const text = summaryOf(record, SUMMARY_LIMIT - (await stat(file)).size);
      await appendFile(file, await secrets.redactWithPauses(text, nextTurn));
    } else {
      const folder = confinedPath(jobWorkspace(), dirname(file));
      await mkdir(folder, { recursive: true });
      await replaceFile(folder, basename(file), summaryOf(record, SUMMARY_LIMIT), nextTurn);
    }
  } catch (error) {
    host.log.warn(`The summary could not be written into ${file}: ${messageOf(error)}`);
  }
}

/** The next step of the release, and whether the last one is reached. */
function outlookOf(
  { version, traffic }: Release,
  { operation, held }: RunRecord,
): Partial<Pick<RunRecord, 'next' | 'complete'>> {
  const weights = agreedWeights(held);
  // A retired version has no next step.
  if (operation === 'retire' || version === undefined || weights === undefined) return {};
  const now = weights.get(version) ?? 0;
  const next = traffic.steps.find((step) => step > now);
  return {
    next: next === undefined ? undefined : stepWeights(next, version, weights),
    complete: now === 100 || (traffic.steps.length > 0 && next === undefined),
  };
}
