import { decodeHTML } from 'entities';
import { INPUTS } from '../../src/github/inputs.ts';

/** The text of a page, its names for screen readers included; without style sheet and code. */
export function textOf(page: string): string {
  const text = page
    .replace(/<style>.*?<\/style>/s, '')
    .replaceAll(/<pre>.*?<\/pre>/gs, '')
    .replaceAll(/<[^>]* (?:data-label|aria-label)="([^"]*)"[^>]*>/g, ' $1 ')
    .replaceAll(/<[^>]*>/g, ' ');
  return decodeHTML(text);
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
  ...[
    'API',
    'Server',
    'TLS',
    'URL',
    'UTC',
    'GitHub',
    'Istio',
    'istioctl',
    'kubectl',
    'Prometheus',
    'webhook',
  ],
  // Kinds, fields and values of objects.
  ...['Pod', 'Service', 'Deployment', 'ConfigMap', 'HorizontalPodAutoscaler', 'VirtualService'],
  ...['DestinationRule', 'PeerAuthentication', 'HTTPRoute', 'GRPCRoute', 'Gateway', 'ReferenceGrant'],
  ...['Accepted', 'Programmed', 'ResolvedRefs', 'True', 'False', 'generation', 'exportTo', 'ISTIO_MUTUAL'],
  ...['consistentHash', 'outlierDetection', 'localityLbSetting', 'maxEjectionPercent', 'distribute'],
  ...['get', 'create', 'logs', 'previous'],
  // Queries, and values of inputs.
  ...['gauge', 'sum', 'vector', 'or', 'le', 'reporter', 'source', 'destination', 'initialDelay'],
  ...['pass', 'none', 'ambient', 'keep'],
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

/**
 * Where spaces are wrong: next to full-width punctuation, which has its own; between two Chinese characters; or none between Chinese
 * and Latin ones.
 */
export function misspacedIn(text: string): readonly string[] {
  const wrong =
    /.?(?: [，。；：、？！（）“”]|[，。；：、？！（）“”] |(?<=\p{Script=Han}) (?=\p{Script=Han})|(?<=\p{Script=Han})(?=[\w%])|(?<=[\w%])(?=\p{Script=Han})).?/gu;
  return text.match(wrong) ?? [];
}
