import { secrets } from '../core/secrets.ts';
import { takeInputs } from './environment.ts';
import type { Host } from './host.ts';
import { jobLog } from './job-log.ts';
import { setOutputs } from './outputs.ts';
import { runner } from './runner.ts';

/** A step of a workflow: what it says goes to GitHub's runner. */
export const githubHost: Host = {
  ...runner,
  log: jobLog,
  // The locale of a runner is that of its machine, not of those who read the result.
  language: 'en',
  takeInputs() {
    return { textOf: takeInputs(secrets), problems: [] };
  },
  setOutputs,
  keepRefusal() {
    // The summary and the report have it.
  },
  summary() {
    const file = process.env['GITHUB_STEP_SUMMARY'];
    return file ? { file, mode: 'append' } : undefined;
  },
};
