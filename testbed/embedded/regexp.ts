/**
 * A regular expression of an Istio object as Envoy uses it: it must match the whole text. `(?i)` at the beginning is
 * supported; other extensions of RE2 are not.
 *
 * @throws SyntaxError where it is invalid
 */
export function toRegExp(expression: string): RegExp {
  const insensitive = expression.startsWith('(?i)');
  return new RegExp(`^(?:${insensitive ? expression.slice(4) : expression})$`, insensitive ? 'i' : '');
}
