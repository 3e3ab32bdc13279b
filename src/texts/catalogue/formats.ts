/** How numbers and texts are put together. */
export interface FormatTexts {
  readonly number: (value: number) => string;
  /** Durations: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
  readonly duration: (seconds: number) => string;
  /** `4.2 ms`, `120 ms`, `1.25 s` */
  readonly milliseconds: (ms: number) => string;
  /** Whole sentences one after the other. */
  readonly sentences: (sentences: readonly string[]) => string;
  /** Names in a row: `east, west`. */
  readonly list: (names: readonly string[]) => string;
  /** Names of which all are meant: `east and west`. */
  readonly all: (names: readonly string[]) => string;
}
