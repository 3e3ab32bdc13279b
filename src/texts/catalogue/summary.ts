/** What a summary omits where it would be too long. */
export type OmittedName =
  | 'difference'
  | 'change'
  | 'detail of an ingress'
  | 'row of an ingress that passed'
  | 'row of an ingress that did not pass'
  | 'metric that passed'
  | 'metric that did not pass'
  | 'line of the timeline'
  | 'state'
  | 'likely cause'
  | 'problem';

/** The last lines of summary and comment. */
export interface SummaryTexts {
  readonly currentWeights: (weights: string) => string;
  readonly previousWeights: (weights: string) => string;
  readonly writes: (writes: number) => string;
  readonly report: (folder: string) => string;
  readonly commit: (sha: string) => string;
  /** The text of a link. */
  readonly fullSummary: string;
  /**
   * What was omitted, and where it is.
   *
   * @param report the folder of the report; undefined without one
   */
  readonly shortened: (values: {
    readonly omitted: ReadonlyMap<OmittedName, number>;
    readonly report: string | undefined;
  }) => string;
}
