/** Where a run says what it does; in a workflow, the job log. */
export interface Log {
  info(line: string): void;
  warn(line: string): void;
  /** Warns unless the same line was given here before. */
  warnOnce(line: string): void;
  /**
   * How far the work on a subject has come, such as the samples of an ingress. A terminal shows the latest line of each subject in one
   * place, until it is given none.
   */
  progress(subject: string, line: string | undefined): void;
  /** How often progress is worth showing; undefined: as rarely as a log that keeps every line allows. */
  readonly progressMs?: number;
  /** Runs a part of the work under its own heading. */
  group<T>(name: string, work: () => Promise<T>): Promise<T>;
}
