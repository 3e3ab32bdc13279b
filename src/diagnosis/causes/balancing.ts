import { nameOf } from '../../kubernetes/objects.ts';
import type { DestinationRule } from '../../kubernetes/objects.ts';
import { routeStateFor } from '../../release/route-state.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
import { drifts, failedOf } from '../snapshot.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Finding } from '../finding.ts';

/** A setting of a DestinationRule that chooses endpoints after the weights, and what it can explain. */
interface Setting {
  readonly path: readonly [string, ...string[]];
  readonly title: string;
  readonly effect: string;
  readonly explains: (one: IngressEvidence, snapshot: Snapshot) => boolean;
}

// Envoy chooses a subset by weight, then an endpoint in it (https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancing).
const SETTINGS: readonly Setting[] = [
  {
    path: ['loadBalancer', 'consistentHash'],
    title: 'Consistent hashing is on',
    effect:
      'It ties a caller to one endpoint. The weights apply first, but if a route names no subset, or a subset has pods of several versions, all requests of the check reach the same version. Let every route to the service name subsets of one version each, or remove the setting during the release',
    // A route that names no subset sets no revision either.
    explains: (one, { release }) => drifts(one, release) || one.withoutRevision > 0,
  },
  {
    path: ['outlierDetection'],
    title: 'Outlier detection is on',
    effect:
      'It ejects endpoints after failures; with all endpoints of a version ejected, its requests get 503 until they return. Find out why they fail, and compare the number of pods with maxEjectionPercent',
    explains: (one) => [...one.errors.keys()].some((kind) => kind.startsWith('status 5')),
  },
  {
    path: ['loadBalancer', 'localityLbSetting'],
    title: 'Locality load balancing is set',
    effect:
      'It decides which localities serve a version. If distribute omits the only locality that runs a version, requests to that version fail, whatever its weight. List every locality that runs one',
    explains: (one) => [...one.errors.keys()].some((kind) => kind.startsWith('status 503')),
  },
];

/** Settings between the weights and the pods, if they could cause what was seen. */
export function balancing(snapshot: Snapshot): readonly Finding[] {
  return SETTINGS.flatMap(({ path, title, effect, explains }) =>
    failedOf(snapshot)
      .filter((one) => explains(one, snapshot))
      .flatMap((one) => {
        const places = rulesFor(snapshot, one).flatMap((rule) => settingsIn(rule, path));
        if (places.length === 0) return [];
        return [
          {
            title: `${title} in ${one.cluster}`,
            detail: `${places.join(', ')} sets ${path.at(-1) ?? ''}. ${effect}.`,
          },
        ];
      }),
  );
}

/** The rules that decide for the service at an ingress. */
function rulesFor(snapshot: Snapshot, { cluster }: IngressEvidence): readonly DestinationRule[] {
  return routeStateFor(snapshot.routes, cluster)?.deciding.rules ?? [];
}

/** Where a rule has a setting: for the host, for a port, for a subset. */
function settingsIn(rule: DestinationRule, path: Setting['path']): readonly string[] {
  const host = rule.spec['trafficPolicy'];
  const ports = at(host, 'portLevelSettings');
  return [
    ...(isSet(host, path) ? [nameOf(rule)] : []),
    ...(Array.isArray(ports) && ports.some((port) => isSet(port, path))
      ? [`${nameOf(rule)} for a port`]
      : []),
    ...(rule.spec.subsets ?? [])
      .filter((subset) => isSet(subset['trafficPolicy'], path))
      .map(({ name }) => `${nameOf(rule)} for the subset ${name}`),
  ];
}

function isSet(policy: unknown, path: Setting['path']): boolean {
  const value = path.reduce(at, policy);
  return typeof value === 'object' && value !== null && at(value, 'enabled') !== false;
}

function at(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
}
