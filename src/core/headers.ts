// The headers that the action writes into routes: two are set on responses, and requests may carry one. They are in lower case,
// because Node gives response headers in lower case, and `github/parsers/request.ts` compares the headers of the input in it.

/** Response header that names the version of a destination. */
export const VERSION_HEADER = 'x-canary-version';
/** Response header with the number of the route change that was in force. */
export const REVISION_HEADER = 'x-canary-revision';
/** Request header that asks for one version, whatever the weights. */
export const PREVIEW_HEADER = 'x-canary-version';
