import { INPUTS } from '../../src/github/inputs.ts';

/** The text of a page, its names for screen readers included; without style sheet and code. */
export function textOf(page: string): string {
  return page
    .replace(/<style>.*?<\/style>/s, '')
    .replaceAll(/<pre>.*?<\/pre>/gs, '')
    .replaceAll(/<[^>]* (?:data-label|aria-label)="([^"]*)"[^>]*>/g, ' $1 ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&gt;', '>')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&');
}

/** Words of products, protocols and objects, which Chinese engineers use as they are. */
const TERMS = new Set([
  ...Object.keys(INPUTS.shape),
  ...[
    'multicluster',
    'canary',
    'rollout',
    'promote',
    'rollback',
    'retire',
    'verify',
    'status',
    'plan',
    'post',
  ],
  ...['API', 'Server', 'Pod', 'Service', 'VirtualService', 'HTTPRoute', 'ConfigMap', 'URL', 'UTC'],
]);

/** English that is no name, value or term of this list: what a translation has left over. */
export function englishIn(text: string, names: readonly string[]): readonly string[] {
  const known = new Set([...TERMS, ...names]);
  // A name or value has a digit, or a sign within: `cluster-0`, `v1=80,v2=20`, `http://203.0.113.7`.
  const words = text
    .split(/[^!-~]+/)
    .flatMap((part) => (/\d|\w[-=/.:]\w/.test(part) ? [] : part.split(/\W+/)));
  return [...new Set(words.filter((word) => /[A-Za-z]/.test(word) && !known.has(word)))];
}

/** All numbers and names in a text, sorted, each as often as it is there. */
export function valuesIn(text: string, names: readonly string[]): readonly string[] {
  const value = new RegExp(`\\d+(?:[.,]\\d+)*|\\b(?:${names.join('|')})\\b`, 'g');
  return (text.match(value) ?? []).toSorted();
}
