import * as core from '@actions/core';
import type { Log } from '../report/log.ts';

/** The job log: a group for each phase. */
export const jobLog: Log = {
  info(line) {
    core.info(asText(line));
  },
  warn(line) {
    core.warning(asText(line));
  },
  group(name, work) {
    return core.group(name, work);
  },
};

/** A line that the runner shows and does not obey: what a server answered could begin with a workflow command. */
export function asText(line: string): string {
  return line.replaceAll('\r', ' ').replaceAll(/^(\s*)(::|##\[)/gm, '$1\u200B$2');
}
