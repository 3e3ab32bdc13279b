import { InputError } from '../core/errors.ts';
import type { RunRecord } from '../report/run-record.ts';

/** A job whose inputs are wrong, with what is known of it to say so where its result would be. */
export class RefusedJob extends InputError {
  readonly record: RunRecord;
  /** Whether a summary is wanted. */
  readonly summary: boolean;
  /** Folder for the report; undefined if none is written, or it cannot be. */
  readonly report: string | undefined;

  constructor(
    problems: readonly string[],
    { record, summary, report }: Pick<RefusedJob, 'record' | 'summary' | 'report'>,
  ) {
    super(problems);
    this.record = { ...record, problems, failure: this.message };
    this.summary = summary;
    this.report = report;
  }
}
