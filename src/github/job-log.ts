import type { Log } from '../report/log.ts';
import { runner } from './runner.ts';

const warned = new Set<string>();

/** The job log, with a group for each phase. */
export const jobLog: Log = {
  info(line) {
    runner.info(line);
  },
  warn(line) {
    runner.warn(line);
  },
  warnOnce(line) {
    if (!warned.has(line)) runner.warn(line);
    warned.add(line);
  },
  progress(_subject, line) {
    if (line !== undefined) runner.info(line);
  },
  group(name, work) {
    return runner.group(name, work);
  },
};
