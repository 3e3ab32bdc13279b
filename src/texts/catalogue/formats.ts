/** How numbers and texts are put together. */
export interface FormatTexts {
  readonly number: (value: number) => string;
  /** Durations: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
  readonly duration: (seconds: number) => string;
  /** `4.2 ms`, `120 ms`, `1.25 s` */
  readonly milliseconds: (ms: number) => string;
  /** A time in ISO 8601, to the minute: `2026-11-22 19:04 UTC`. */
  readonly moment: (iso: string) => string;
  /** Between two sentences. */
  readonly gap: string;
  /** Between parts of a sentence that belong together: `, `. */
  readonly comma: string;
  /** Before what it is about: `Next: `. */
  readonly label: (label: string) => string;
  /** Parts of a sentence in a row: `12 requests; 3 × status 503`. */
  readonly parts: (parts: readonly string[]) => string;
  /** Whole sentences one after the other. */
  readonly sentences: (sentences: readonly string[]) => string;
  /** Names in a row: `east, west`. */
  readonly list: (names: readonly string[]) => string;
  /** In place of the rest of a long text. */
  readonly moreLines: (lines: number) => string;
  readonly moreCharacters: (characters: number) => string;
  /** Names of which all are meant: `east and west`. */
  readonly all: (names: readonly string[]) => string;
}
