/** The whole run in one line: the heading, the first line of a comment, and the commit status. */
export interface GlanceTexts {
  /** `v1/v2 at 80/20 in east, west`. @param back whether they were restored */
  readonly at: (values: {
    readonly versions: string;
    readonly weights: string;
    readonly where: string;
    readonly back: boolean;
  }) => string;
  /** `v1/v2 80/20 → 50/50 in east, west`, or `v1/v2 → 80/20 in east, west`. @param from undefined: no one set of weights is in force */
  readonly moved: (values: {
    readonly versions: string;
    readonly from: string | undefined;
    readonly to: string;
    readonly where: string;
  }) => string;
  /**
   * @param only where the changes are, unless they are everywhere
   * @param unchecked whether no API server has checked them
   */
  readonly plan: (values: {
    readonly weights: string;
    readonly changes: number;
    readonly only: string | undefined;
    readonly unchecked: boolean;
  }) => string;
  /** The line with the service that it is about. `namespace`: empty if it is not known */
  readonly heading: (values: {
    readonly app: string;
    readonly namespace: string;
    readonly line: string;
  }) => string;
  readonly run: (values: { readonly title: string; readonly weights: string }) => string;
}
