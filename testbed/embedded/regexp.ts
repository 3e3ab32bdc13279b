/**
 * A regular expression of an Istio object as Envoy uses it: it has to match the whole text. RE2 knows `(?i)` at the
 * beginning; what else it has beyond JavaScript is not covered.
 *
 * @throws SyntaxError where it is none
 */
export function toRegExp(expression: string): RegExp {
  const insensitive = expression.startsWith('(?i)');
  return new RegExp(`^(?:${insensitive ? expression.slice(4) : expression})$`, insensitive ? 'i' : '');
}
