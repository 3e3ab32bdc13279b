/** The part of a terminal that this needs. */
export interface TerminalStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const ESCAPE = '\u001B';
const CLEAR_TO_END = `${ESCAPE}[0J`;
const DEFAULT_COLUMNS = 80;

/** Lines at the bottom of a terminal, one for each subject, that are redrawn in place. Other lines go above them. */
export class LiveLines {
  readonly #stream: TerminalStream;
  readonly #lines = new Map<string, string>();
  #drawn = 0;

  constructor(stream: TerminalStream) {
    this.#stream = stream;
  }

  /** @param line undefined: the subject has none any more */
  set(subject: string, line: string | undefined): void {
    if (line === undefined) this.#lines.delete(subject);
    else this.#lines.set(subject, line);
    this.#redraw('');
  }

  /** Writes whole lines above. */
  above(text: string): void {
    this.#redraw(text);
  }

  #redraw(text: string): void {
    // To the first of the drawn lines; the cursor is below the last.
    const back = this.#drawn === 0 ? '' : `${ESCAPE}[${String(this.#drawn)}A\r${CLEAR_TO_END}`;
    const { columns = DEFAULT_COLUMNS } = this.#stream;
    const lines = [...this.#lines.values()].map((line) => `${fitted(line, columns)}\n`);
    this.#drawn = lines.length;
    const all = `${back}${text}${lines.join('')}`;
    if (all !== '') this.#stream.write(all);
  }
}

/** A line that does not wrap: the last column would move the cursor on some terminals. */
function fitted(line: string, columns: number): string {
  const [first = ''] = line.split('\n');
  return first.length < columns ? first : `${first.slice(0, Math.max(0, columns - 2))}…`;
}
