import type { ServerResponse } from 'node:http';
import { readKubeconfig } from '../../src/kubernetes/client/kubeconfig.ts';
import { Cluster } from '../../src/kubernetes/client/cluster.ts';
import type { OpenOptions } from '../../src/kubernetes/client/cluster.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';
import { serve } from './server.ts';
import type { Asked, Handler, LocalServer } from './server.ts';

/** Kinds by the root of their API, as a cluster's discovery names them. */
const KINDS: Readonly<
  Record<string, readonly (readonly [name: string, kind: string, namespaced: boolean])[]>
> = {
  '/api/v1': [
    ['pods/log', 'Pod', true],
    ['pods', 'Pod', true],
    ['services', 'Service', true],
    ['configmaps', 'ConfigMap', true],
    ['nodes', 'Node', false],
    ['namespaces', 'Namespace', false],
  ],
  '/apis/apps/v1': [
    ['deployments', 'Deployment', true],
    ['statefulsets', 'StatefulSet', true],
    ['daemonsets', 'DaemonSet', true],
  ],
  '/apis/coordination.k8s.io/v1': [['leases', 'Lease', true]],
  '/apis/networking.istio.io/v1': [
    ['virtualservices', 'VirtualService', true],
    ['destinationrules', 'DestinationRule', true],
    ['gateways', 'Gateway', true],
  ],
};

/** Answers in place of the API, where it says yes. */
export type Intercept = (asked: Asked, response: ServerResponse) => boolean;

/** `preconditions` of a deletion. */
interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

function meets({ metadata }: KubeObject, { uid, resourceVersion }: Preconditions = {}): boolean {
  return (
    (uid === undefined || uid === metadata.uid) &&
    (resourceVersion === undefined || resourceVersion === metadata.resourceVersion)
  );
}

/** What a merge patch of metadata makes of an object. */
function merged(standing: KubeObject, { metadata }: KubeObject): KubeObject {
  return { ...standing, metadata: { ...standing.metadata, ...metadata } };
}

/** An update names the version that it replaces; a patch may name it, and creates an object whatever version it names, but no uid. */
function isUpToDate(
  method: string,
  { metadata: sent }: KubeObject,
  standing: KubeObject | undefined,
): boolean {
  if (method === 'PUT') return standing?.metadata.resourceVersion === sent.resourceVersion;
  return standing === undefined ? sent.uid === undefined : meets(standing, sent);
}

/** A small Kubernetes API: discovery, objects by path, and the checks of resourceVersion that writes rely on. */
export interface KubeApi extends LocalServer {
  readonly objects: Map<string, KubeObject>;
  /** The writes that came in, as `PUT /apis/…`. */
  readonly writes: readonly string[];
  /** What the deletions that came in asked of the object to delete. */
  readonly deletions: readonly Preconditions[];
  intercept: Intercept;
  /** What a request waits for before it is handled. */
  gate: (asked: Asked) => Promise<unknown>;
}

export async function kubeApi(...objects: readonly KubeObject[]): Promise<KubeApi> {
  const stored = new Map<string, KubeObject>();
  const writes: string[] = [];
  const deletions: Preconditions[] = [];
  const api: Pick<KubeApi, 'intercept' | 'gate'> = { intercept: () => false, gate: () => Promise.resolve() };
  let version = 0;
  const store = (path: string, object: KubeObject): KubeObject => {
    version += 1;
    const one = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    stored.set(path, one);
    return one;
  };
  for (const object of objects) store(pathOf(object), object);

  const handle: Handler = (asked, response) => {
    if (asked.method !== 'GET') writes.push(`${asked.method} ${asked.path}`);
    if (api.intercept(asked, response)) return;
    const { pathname: path, searchParams: query } = new URL(asked.path, 'http://api');
    const dry = query.has('dryRun');
    const sent = asked.body === '' ? undefined : (JSON.parse(asked.body) as KubeObject);
    const standing = stored.get(path);
    if (asked.method === 'GET') {
      const found =
        KINDS[path] !== undefined
          ? resources(path)
          : path === '/apis/networking.istio.io'
            ? ISTIO_GROUP
            : (standing ?? list(stored, path, query));
      if (found === undefined) refuse(response, 404, 'NotFound', 'not found');
      else send(response, 200, found);
    } else if (asked.method === 'DELETE') {
      const { preconditions } = (sent ?? {}) as unknown as { readonly preconditions?: Preconditions };
      if (preconditions !== undefined) deletions.push(preconditions);
      if (standing === undefined) refuse(response, 404, 'NotFound', 'not found');
      else if (!meets(standing, preconditions)) {
        refuse(response, 409, 'Conflict', 'Precondition failed');
      } else {
        if (!dry) stored.delete(path);
        send(response, 200, { kind: 'Status', status: 'Success' });
      }
    } else if (sent === undefined) refuse(response, 400, 'BadRequest', 'no object');
    else if (asked.method === 'POST') {
      const own = `${path}/${sent.metadata.name}`;
      if (stored.has(own)) refuse(response, 409, 'AlreadyExists', 'already exists');
      else send(response, 201, dry ? sent : store(own, sent));
    } else if (!isUpToDate(asked.method, sent, standing)) {
      refuse(response, 409, 'Conflict', 'the object has been modified');
    } else {
      const isMerge = asked.headers['content-type'] === 'application/merge-patch+json';
      const changed = isMerge && standing !== undefined ? merged(standing, sent) : sent;
      send(response, 200, dry ? changed : store(path, changed));
    }
  };
  const server = await serve((asked, response) => {
    void api.gate(asked).then(() => {
      handle(asked, response);
    });
  });
  return Object.assign(api, server, { objects: stored, writes, deletions });
}

/** Answers as the API refuses. */
export function refuse(
  response: ServerResponse,
  status: number,
  reason: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  send(response, status, { kind: 'Status', status: 'Failure', reason, message, code: status }, headers);
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

const ISTIO_GROUP = {
  kind: 'APIGroup',
  name: 'networking.istio.io',
  versions: [{ version: 'v1' }, { version: 'v1beta1' }],
};

function resources(root: string): unknown {
  const named = (KINDS[root] ?? []).map(([name, kind, namespaced]) => ({ name, kind, namespaced }));
  return { kind: 'APIResourceList', resources: named };
}

/** The path under which the API has an object. */
export function pathOf({ apiVersion, kind, metadata }: KubeObject): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const [name, , namespaced] = KINDS[root]?.find(
    ([plural, one]) => one === kind && !plural.includes('/'),
  ) ?? [kind, kind, false];
  const scope = namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
  return `${root}${scope}/${name}/${metadata.name}`;
}

/** The list of a kind, in a namespace or in all of them; undefined where the path is none of a list. */
function list(stored: ReadonlyMap<string, KubeObject>, path: string, query: URLSearchParams): unknown {
  const [, root = '', namespace, plural = ''] =
    /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)$/.exec(path) ?? [];
  if (!(KINDS[root] ?? []).some(([name]) => name === plural)) return undefined;
  const labels = (query.get('labelSelector') ?? '').split(',').filter((one) => one !== '');
  const items = [...stored.entries()]
    .filter(([one]) => one.startsWith(root) && one.split('/').at(-2) === plural)
    .filter(([, { metadata }]) => namespace === undefined || metadata.namespace === namespace)
    .filter(([, { metadata }]) =>
      labels.every((label) =>
        Object.entries(metadata.labels ?? {}).some(([key, value]) => `${key}=${value}` === label),
      ),
    )
    // Items of a list carry neither.
    .map(([, { apiVersion: _version, kind: _kind, ...item }]) => item);
  return { kind: 'List', metadata: {}, items };
}

/** A kubeconfig whose contexts reach these servers, with the same user. */
export function kubeconfigFor(
  servers: Readonly<Record<string, string>>,
  user: Readonly<Record<string, unknown>> = { token: 'a-token' },
): ReturnType<typeof readKubeconfig> {
  const names = Object.keys(servers);
  return readKubeconfig(
    JSON.stringify({
      clusters: names.map((name) => ({
        name,
        cluster: { server: servers[name], 'insecure-skip-tls-verify': true },
      })),
      contexts: names.map((name) => ({ name, context: { cluster: name, user: 'ci' } })),
      users: [{ name: 'ci', user }],
    }),
    {},
  );
}

/** The cluster `west`, as it is reached at this address. */
export function clusterAt(
  url: string,
  signal: AbortSignal = new AbortController().signal,
  user?: Readonly<Record<string, unknown>>,
  options: OpenOptions = {},
): Cluster {
  return Cluster.open('west', kubeconfigFor({ west: url }, user), signal, options);
}
