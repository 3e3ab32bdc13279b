/** Where a run says what it does; in a workflow, the job log. */
export interface Log {
  info(line: string): void;
  warn(line: string): void;
  /** Warns unless the same line was given here before. */
  warnOnce(line: string): void;
  /** Runs a part of the work under its own heading. */
  group<T>(name: string, work: () => Promise<T>): Promise<T>;
}
