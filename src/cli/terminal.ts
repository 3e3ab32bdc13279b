import { styleText } from 'node:util';
import { TEXT_LIMITS, boundedText } from '../github/bounded-text.ts';
import type { Log } from '../report/log.ts';
import { LiveLines } from './live-lines.ts';
import type { TerminalStream } from './live-lines.ts';

type Style = Parameters<typeof styleText>[0];

/** How often a terminal shows progress. */
const PROGRESS_MS = 500;

export interface TerminalOptions {
  readonly log: TerminalStream;
  readonly errors: TerminalStream;
  /** Whether color is wanted where the stream is a terminal. */
  readonly color: boolean;
}

/**
 * The log of a job as people read it: headings instead of groups, and live lines for progress. Without a terminal, every line is plain
 * and stays. All texts are made safe by the same rules as those for GitHub's runner.
 */
export class Terminal implements Log {
  readonly progressMs?: number;
  readonly #options: TerminalOptions;
  readonly #live: LiveLines | undefined;
  readonly #warned = new Set<string>();

  constructor(options: TerminalOptions) {
    this.#options = options;
    if (options.log.isTTY !== true) return;
    this.#live = new LiveLines(options.log);
    this.progressMs = PROGRESS_MS;
  }

  info(line: string): void {
    this.#say(boundedText(line, TEXT_LIMITS.log));
  }

  warn(line: string): void {
    this.#say(`${this.#styled('yellow', 'Warning:')} ${boundedText(line, TEXT_LIMITS.log)}`);
  }

  warnOnce(line: string): void {
    if (!this.#warned.has(line)) this.warn(line);
    this.#warned.add(line);
  }

  progress(subject: string, line: string | undefined): void {
    if (this.#live !== undefined)
      this.#live.set(subject, line === undefined ? undefined : boundedText(line, TEXT_LIMITS.title));
    else if (line !== undefined) this.info(line);
  }

  async group<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#say(`\n${this.#styled('bold', boundedText(name, TEXT_LIMITS.title))}`);
    return work();
  }

  notice(text: string, title: string): void {
    this.#say(`\n${this.#styled('green', boundedText(title, TEXT_LIMITS.title))}`);
    this.info(text);
  }

  /** A failure: it goes to the errors. */
  error(text: string, title: string): void {
    const { errors } = this.#options;
    const shown = `${this.#styled('red', `Error: ${boundedText(title, TEXT_LIMITS.title)}`, errors)}\n${boundedText(text, TEXT_LIMITS.log)}\n`;
    if (errors === this.#options.log) this.#above(shown);
    else errors.write(shown);
  }

  #say(text: string): void {
    this.#above(`${text}\n`);
  }

  #above(text: string): void {
    if (this.#live === undefined) this.#options.log.write(text);
    else this.#live.above(text);
  }

  #styled(style: Style, text: string, stream = this.#options.log): string {
    // Whether the stream takes color is decided here.
    return this.#options.color && stream.isTTY === true
      ? styleText(style, text, { validateStream: false })
      : text;
  }
}
