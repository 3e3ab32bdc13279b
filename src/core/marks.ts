// The headers by which the mesh shows what it did: each destination that the action writes sets them on responses.

/** Response header that names the version of a destination. */
export const VERSION_HEADER = 'x-canary-version';
/** Response header with the number of the route change that was in force. */
export const REVISION_HEADER = 'x-canary-revision';
/** Request header that asks for one version, whatever the weights. */
export const PREVIEW_HEADER = 'x-canary-version';
