import type { ClusterName } from '../../core/names.ts';
import type { MetricServer } from '../../release/metric-specs.ts';
import { entries, pairs } from './entries.ts';
import { mapOf } from './parser.ts';
import { theInput } from '../../core/wording.ts';

/** An address as given: for each cluster a server or `none`, or one for all of them. */
export type GivenAddress =
  MetricServer | { readonly kind: 'each'; readonly servers: ReadonlyMap<ClusterName, MetricServer | 'none'> };

const EVERY = '*';
/** `service:NAMESPACE/NAME:PORT`, and a path where the server has one. */
const SERVICE =
  /^service:([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\/([a-z](?:[a-z0-9-]{0,61}[a-z0-9])?):([a-z0-9-]{1,63})(\/[^\s?#]*)?$/;

/** Where Prometheus is. */
export const metricAddress = mapOf<GivenAddress>(
  'a URL, service:NAMESPACE/NAME:PORT, or cluster= and one of them, or none, for every cluster',
  (found) => {
    const one = found.get(EVERY);
    if (one !== undefined && found.size === 1) return serverAt(one);
    return {
      kind: 'each',
      servers: new Map(
        [...found].map(([cluster, text]) => [cluster, text === 'none' ? text : serverAt(text)]),
      ),
    };
  },
  {
    read: (value) =>
      /^(?:https?|service):\S+$/.test(value.trim())
        ? new Map([[EVERY, value.trim()]])
        : pairs(entries(value), undefined, (entry) => `"${entry}" is not cluster=URL`),
  },
);

function serverAt(text: string): MetricServer {
  return text.startsWith('service:') ? serviceAt(text) : { kind: 'url', url: serverUrl(text) };
}

function serviceAt(text: string): MetricServer {
  const [, namespace, name, port, path = ''] = SERVICE.exec(text) ?? [];
  if (namespace === undefined || name === undefined || port === undefined)
    throw new Error(`"${text}" is not service:NAMESPACE/NAME:PORT`);
  // They would lead out of the pod, to any object that the API server has.
  if (new URL(path, 'http://server').pathname !== path && path !== '')
    throw new Error(`"${text}" has a path with . or .. or characters that are not allowed in a URL`);
  return {
    kind: 'service',
    namespace,
    name,
    port: /^\d+$/.test(port) ? Number(port) : port,
    path: path.replace(/\/$/, ''),
  };
}

/** @throws Error for what is no address of a server */
function serverUrl(text: string): string {
  const url = httpUrl(text);
  if (url.search !== '' || url.hash !== '')
    throw new Error(`"${url.origin}${url.pathname}" is followed by a query; give the address alone`);
  if (/\/api\/v1\/query\/?$/.test(url.pathname))
    throw new Error(`"${text}" is the address of the API; leave out /api/v1/query`);
  return `${url.origin}${url.pathname.replace(/\/$/, '')}`;
}

/** @throws Error for what is no http or https URL, or contains a user */
export function httpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new Error(`"${text}" is not an http or https URL`);
  if (url.username !== '' || url.password !== '')
    throw new Error(
      `"${url.origin}" is preceded by a user; set an Authorization header in ${theInput('metrics-headers')} instead`,
    );
  return url;
}
