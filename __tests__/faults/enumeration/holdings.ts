import { createHash } from 'node:crypto';
import type { StoredObject } from '../../../testbed/embedded/fleet.ts';
import { APP, NAMESPACE } from '../../scenarios/support/objects.ts';
import { TRAFFIC_APIS, ownWeightsIn } from '../../scenarios/support/traffic-api.ts';
import type { TrafficApi } from '../../scenarios/support/traffic-api.ts';

/** What the clusters hold at one moment. */
export interface Holdings {
  readonly clusters: readonly ClusterHoldings[];
}

export interface ClusterHoldings {
  readonly name: string;
  /** The weights of the users' route, as users feel them: a version at 0 is left out. */
  readonly weights: string;
  /** Who holds the lock; empty where nobody does. */
  readonly holder: string;
  /** The transaction of the intent in the Lease; empty where there is none, or it has ended. */
  readonly intent: string;
  /** By kind and name; without what a server counts or dates. */
  readonly objects: ReadonlyMap<string, string>;
}

export const NONE = 'none';
const OWN: readonly string[] = [
  `Namespace ${NAMESPACE}`,
  `Lease multicluster-canary-${APP}`,
  ...['Deployment', 'Service'].flatMap((kind) => ['v1', 'v2'].map((version) => `${kind} ${APP}-${version}`)),
  ...['Service', 'Gateway', 'DestinationRule', ...TRAFFIC_APIS].map((kind) => `${kind} ${APP}`),
];
/** Made by controllers, or always on the move. */
const MADE: readonly string[] = [
  'ServiceAccount',
  'Pod',
  'ReplicaSet',
  'EndpointSlice',
  'Endpoints',
  'Event',
  'Node',
  'ConfigMap',
];

interface Stored {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export function holdingsOf(stored: ReadonlyMap<string, readonly StoredObject[]>, api: TrafficApi): Holdings {
  const leases = [...stored.values()].map((objects) => leaseOf(objects));
  const ended = new Set(leases.map((lease) => lease?.metadata.annotations?.['multicluster-canary/ended']));
  const clusters = [...stored].map(([name, objects]) => {
    const lease = leaseOf(objects);
    const intent = transactionIn(lease?.metadata.annotations?.['multicluster-canary/intent']);
    const holder = (lease?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity ?? '';
    return {
      name,
      weights: weightsIn(objects, api),
      holder,
      intent: ended.has(intent) ? '' : intent,
      objects: new Map(
        objects.flatMap(({ kind, object }) =>
          MADE.includes(kind.kind) || (object.metadata.namespace ?? object.metadata.name) !== NAMESPACE
            ? []
            : [[`${kind.kind} ${object.metadata.name}`, contentOf(object as Stored)] as const],
        ),
      ),
    };
  });
  return { clusters };
}

function leaseOf(objects: readonly StoredObject[]): Stored | undefined {
  return objects.find(({ kind, object }) => kind.kind === 'Lease' && object.metadata.namespace === NAMESPACE)
    ?.object;
}

function transactionIn(intent: string | undefined): string {
  if (intent === undefined) return '';
  return (JSON.parse(intent) as { transaction?: string }).transaction ?? 'unnamed';
}

function weightsIn(objects: readonly StoredObject[], api: TrafficApi): string {
  const route = objects.find(({ kind, object }) => kind.kind === api && object.metadata.name === APP);
  return normalWeights(route === undefined ? '' : ownWeightsIn(route.object));
}

/** Weights as users feel them. */
export function normalWeights(weights: string): string {
  const parts = weights.split(',').filter((part) => part !== '' && !part.endsWith('=0'));
  return parts.join(',') || NONE;
}

/** An object without what a server counts or dates, and without who wrote it. */
function contentOf({ metadata, status: _, ...rest }: Stored): string {
  const {
    resourceVersion: _v,
    uid: _u,
    creationTimestamp: _c,
    generation: _g,
    managedFields: _m,
    ...kept
  } = metadata;
  const text = JSON.stringify(sorted({ ...rest, metadata: kept }));
  return text
    .replaceAll(/"(acquireTime|renewTime)":"[^"]*"/g, '"$1":""')
    .replaceAll(/"(clusterIPs?|nodePort)":(\d+|"[^"]*"|\[[^\]]*\])/g, '"$1":""')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID')
    .replaceAll(/\(process \d+\)/g, '(process)');
}

/** With its fields in one order: servers choose that of custom resources. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, sorted(field)] as const);
  return Object.fromEntries(fields.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What tells two states of the fleet apart, as far as a run that begins there is concerned. */
export function fingerprint({ clusters }: Holdings): string {
  const parts = clusters.map(({ name, objects }) => [name, [...objects].toSorted()]);
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** What is not the release's: other objects, and other people's parts of its own. */
export function foreignParts({ clusters }: Holdings): Readonly<Record<string, string>> {
  const parts = clusters.flatMap(({ name, objects }) =>
    [...objects].map(
      ([key, text]) => [`${key} in ${name}`, OWN.includes(key) ? othersIn(text) : text] as const,
    ),
  );
  return Object.fromEntries(parts.filter(([, text]) => text !== ''));
}

interface Named {
  readonly name?: string;
}

interface Shared {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly http?: readonly Named[];
    readonly rules?: readonly Named[];
    readonly subsets?: readonly Named[];
  };
}

/** What the bystanders have in an object of the release: all of it is named after them. */
function othersIn(text: string): string {
  const { metadata, spec } = JSON.parse(text) as Shared;
  const isTheirs = ({ name = '' }: Named): boolean => name.startsWith('theirs');
  const { http = [], rules = [], subsets = [] } = spec ?? {};
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) =>
    name.startsWith('theirs'),
  );
  const parts = [...[http, rules, subsets].map((all) => all.filter(isTheirs)), annotations];
  return parts.every((part) => part.length === 0) ? '' : JSON.stringify(parts);
}

/** The release's own objects, but for its lock and the number of its route change. */
export function ownParts({ clusters }: Holdings): Readonly<Record<string, string>> {
  const parts = clusters.flatMap(({ name, objects }) =>
    [...objects].flatMap(([key, text]) =>
      OWN.includes(key) && !key.startsWith('Lease ')
        ? [
            [
              `${key} in ${name}`,
              withoutRecoveryMark(text)
                .replaceAll(/"x-canary-revision":"\d+"/g, '"x-canary-revision":""')
                .replaceAll(/"x-canary-revision","value":"\d+"/g, '"x-canary-revision","value":""')
                .replaceAll(/\\"revision\\":\d+/g, '\\"revision\\":0'),
            ] as const,
          ]
        : [],
    ),
  );
  return Object.fromEntries(parts);
}

function withoutRecoveryMark(text: string): string {
  const { metadata, ...rest } = JSON.parse(text) as Stored;
  const { annotations = {}, ...others } = metadata;
  const { 'multicluster-canary/recovered': _, ...kept } = annotations;
  return JSON.stringify({ ...rest, metadata: { annotations: kept, ...others } });
}

/** `east v1=80,v2=20; west v1=60,v2=40` */
export function describeWeights({ clusters }: Holdings): string {
  return clusters.map(({ name, weights }) => `${name} ${weights}`).join('; ');
}
