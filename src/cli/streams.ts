import { secrets } from '../core/secrets.ts';
import type { TerminalStream } from './live-lines.ts';

export interface Streams {
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
}

/** The streams of this process. No other file of the command line writes to them, so that no text gets there unredacted. */
export function openStreams(): Streams {
  return { stdout: redacting(process.stdout), stderr: redacting(process.stderr) };
}

function redacting(stream: NodeJS.WriteStream): TerminalStream {
  // Whoever reads it may go away, as `head` does: the job goes on without, since it has clusters in its hands.
  stream.on('error', () => undefined);
  return {
    write: (text) => stream.write(secrets.redact(text)),
    isTTY: stream.isTTY,
    get columns() {
      return stream.columns;
    },
  };
}

/** https://no-color.org: any value but an empty one. */
export function wantsColor(env: NodeJS.ProcessEnv = process.env): boolean {
  return (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}
