/** A response that failed after its head had arrived. */
export class BrokenResponse extends Error {}
