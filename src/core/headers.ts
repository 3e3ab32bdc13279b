// The headers that the action writes into routes: two are set on responses, and requests may carry one. They are in lower case,
// because Node gives response headers in lower case, and `github/parsers/request.ts` compares the headers of the input in it.

/** Response header that names the version of a destination. */
export const VERSION_HEADER = 'x-canary-version';
/** Response header with the number of the route change that was in force. */
export const REVISION_HEADER = 'x-canary-revision';
/** Request header that asks for one version, whatever the weights. */
export const PREVIEW_HEADER = 'x-canary-version';

/** Whether a header, written in any case, is one that the release sets on responses. */
export function isMarkHeader(name: string): boolean {
  return [VERSION_HEADER, REVISION_HEADER].includes(name.toLowerCase());
}

/**
 * The newest of the revisions that the managed routes of an object set: what its responses carry once all of it is in force. Where one
 * route was put back to an earlier state, its responses are those of that state. undefined where none sets any.
 */
export function newestRevision(marks: readonly (string | undefined)[]): string | undefined {
  const [newest] = marks
    .filter((mark) => mark !== undefined)
    .toSorted((a, b) => revisionNumber(b) - revisionNumber(a));
  return newest;
}

/** The number that a revision header carries; 0 where it is none that the action wrote. */
export function revisionNumber(revision: string | undefined): number {
  const number = Number(revision);
  return Number.isSafeInteger(number) ? number : 0;
}
