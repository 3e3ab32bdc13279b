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

/**
 * A text that the runner shows and does not obey: what a server answered could hold a workflow command. The runner looks for
 * `::` behind leading white space (for .NET that includes U+0085), and for `##[` anywhere in a line.
 * Source: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function asText(text: string): string {
  return text
    .replaceAll('\r', ' ')
    .replaceAll('##[', '##\u200B[')
    .replaceAll(/^([\s\u0085]*)::/gm, '$1\u200B::');
}
