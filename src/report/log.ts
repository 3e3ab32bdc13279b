/** Where a run tells what it does; the action's side writes it to the job log. */
export interface Log {
  info(line: string): void;
  warn(line: string): void;
  /** Runs a part of the work under a heading of its own. */
  group<T>(name: string, work: () => Promise<T>): Promise<T>;
}
