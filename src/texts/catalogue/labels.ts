/** What a column of a table has. */
export type ColumnName =
  | 'cluster'
  | 'version'
  | 'weight'
  | 'observed'
  | 'deviation'
  | 'tolerance'
  | 'samples'
  | 'errors'
  | 'median'
  | 'slowest'
  | 'time'
  | 'event'
  | 'duration'
  | 'state'
  | 'metric'
  | 'requests'
  | 'failedOrSlow'
  | 'rate'
  | 'evidence';

/** What a part of a report is about. */
export type HeadingName =
  'next' | 'notCovered' | 'connections' | 'likelyCause' | 'alsoFound' | 'failedRequests' | 'metrics';

/** Titles of columns and sections that summary and page share. */
export interface LabelTexts {
  readonly columns: Readonly<Record<ColumnName, string>>;
  readonly headings: Readonly<Record<HeadingName, string>>;
}
