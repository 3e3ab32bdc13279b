import { nameOf } from '../../kubernetes/objects.ts';
import type { DestinationRule } from '../../kubernetes/objects.ts';
import { routeStateFor } from '../../release/observed-routing.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
import { drifts, failedOf } from '../snapshot.ts';
import type { Snapshot, Finding } from '../snapshot.ts';

/** A setting of a DestinationRule that decides about endpoints after the weights, and what it can explain. */
interface Setting {
  readonly path: readonly [string, ...string[]];
  readonly title: string;
  readonly effect: string;
  readonly explains: (one: IngressEvidence, facts: Snapshot) => boolean;
}

// Envoy chooses the subset by weight, then an endpoint in it (https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancing).
const SETTINGS: readonly Setting[] = [
  {
    path: ['loadBalancer', 'consistentHash'],
    title: 'Consistent hashing is on',
    effect:
      'It ties a caller to one endpoint. The weights are decided before it, but where a route names no subset, or a subset has pods of several versions, all requests of the check then reach the same version. Give every route to the service subsets of one version each, or take it out while the release goes on',
    // A route that names no subset marks no answers either.
    explains: (one, { release }) => drifts(one, release) || one.withoutRevision > 0,
  },
  {
    path: ['outlierDetection'],
    title: 'Outlier detection is on',
    effect:
      'It takes endpoints out after failures; a version whose endpoints are all out answers 503 until they come back. Find out why they fail, and compare the number of pods with maxEjectionPercent',
    explains: (one) => [...one.errors.keys()].some((kind) => kind.startsWith('status 5')),
  },
  {
    path: ['loadBalancer', 'localityLbSetting'],
    title: 'Locality load balancing is set',
    effect:
      'It decides which localities serve a version. Where distribute leaves out the only locality that runs a version, requests to it fail, whatever its weight. Name every locality that runs one',
    explains: (one) => [...one.errors.keys()].some((kind) => kind.startsWith('status 503')),
  },
];

/** Settings that come between the weights and the pods, where the evidence is of their kind. */
export function balancing(facts: Snapshot): readonly Finding[] {
  return SETTINGS.flatMap(({ path, title, effect, explains }) =>
    failedOf(facts)
      .filter((one) => explains(one, facts))
      .flatMap((one) => {
        const places = rulesFor(facts, one).flatMap((rule) => settingsIn(rule, path));
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
function rulesFor(facts: Snapshot, { cluster }: IngressEvidence): readonly DestinationRule[] {
  return routeStateFor(facts.inForce, cluster)?.deciding.rules ?? [];
}

/** Where a rule holds a setting: for the host, for a port, for a subset. */
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
