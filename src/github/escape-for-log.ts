import { visible } from '../report/visible.ts';

/**
 * Escapes text so that neither runner nor terminal interprets it: a server's response could contain a workflow command or an
 * escape sequence. The runner looks for `::` after leading white space, and for `##[` anywhere in a line.
 * Source: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function escapeForLog(text: string): string {
  return (
    visible(text)
      .replaceAll('##[', '##\u200B[')
      // White space of one line: across lines, the search would begin anew at each.
      .replaceAll(/^([^\S\n\u2028\u2029]*)::/gm, '$1\u200B::')
  );
}
