/** The description of a commit status: one line. `weights` are those held now, in words. */
export interface CommitStatusTexts {
  readonly pending: (operation: string) => string;
  readonly failed: (values: { readonly operation: string; readonly sentences: readonly string[] }) => string;
  readonly titled: (values: {
    readonly operation: string;
    readonly title: string;
    readonly weights: string;
  }) => string;
  /** @param line the run in one line */
  readonly ended: (values: {
    readonly operation: string;
    readonly harms: readonly string[];
    readonly line: string;
  }) => string;
}
