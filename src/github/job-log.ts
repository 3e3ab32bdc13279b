import * as core from '@actions/core';
import type { Log } from '../report/log.ts';
import { visible } from '../report/visible.ts';

const warned = new Set<string>();

/** The job log, with a group for each phase. */
export const jobLog: Log = {
  info(line) {
    core.info(escapeForLog(line));
  },
  warn(line) {
    core.warning(escapeForLog(line));
  },
  warnOnce(line) {
    if (!warned.has(line)) core.warning(escapeForLog(line));
    warned.add(line);
  },
  group(name, work) {
    return core.group(escapeForLog(name), work);
  },
};

/**
 * Escapes text so that neither runner nor terminal interprets it: a server's response could contain a workflow command or an
 * escape sequence. The runner looks for `::` after leading white space, and for `##[` anywhere in a line.
 * Source: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function escapeForLog(text: string): string {
  return visible(text)
    .replaceAll('##[', '##\u200B[')
    .replaceAll(/^(\s*)::/gm, '$1\u200B::');
}
