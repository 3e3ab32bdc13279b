/** A place in a text. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Adds a span that ends after all others, or within the last. */
export function merge(spans: Span[], { from, to }: Span): void {
  let span = { from, to };
  for (let last = spans.at(-1); last !== undefined && last.to >= span.from; last = spans.at(-1)) {
    spans.pop();
    span = { from: Math.min(last.from, span.from), to: Math.max(last.to, span.to) };
  }
  spans.push(span);
}
