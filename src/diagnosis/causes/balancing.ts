import { nameOf } from '../../kubernetes/objects.ts';
import type { BalancingSetting, SettingPlace } from '../../texts/catalogue/findings.ts';
import type { DestinationRule } from '../../kubernetes/objects.ts';
import { routeStateFor } from '../../release/route-state.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
import { drifts, failedOf } from '../snapshot.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Finding } from '../finding.ts';

/** A setting of a DestinationRule that chooses endpoints after the weights, and what it can explain. */
interface Setting {
  readonly path: readonly [BalancingSetting] | readonly [string, BalancingSetting];
  readonly name: BalancingSetting;
  readonly explains: (one: IngressEvidence, snapshot: Snapshot) => boolean;
}

// Envoy chooses a subset by weight, then an endpoint in it (https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancing).
const SETTINGS: readonly Setting[] = [
  {
    path: ['loadBalancer', 'consistentHash'],
    name: 'consistentHash',
    // A route that names no subset sets no revision either.
    explains: (one, { release }) => drifts(one, release) || one.withoutRevision > 0,
  },
  {
    path: ['outlierDetection'],
    name: 'outlierDetection',
    explains: (one) => [...one.errors.keys()].some((kind) => kind.startsWith('status 5')),
  },
  {
    path: ['loadBalancer', 'localityLbSetting'],
    name: 'localityLbSetting',
    explains: (one) => [...one.errors.keys()].some((kind) => kind.startsWith('status 503')),
  },
];

/** Settings between the weights and the pods, if they could cause what was seen. */
export function balancing(snapshot: Snapshot): readonly Finding[] {
  return SETTINGS.flatMap(({ path, name, explains }) =>
    failedOf(snapshot)
      .filter((one) => explains(one, snapshot))
      .flatMap((one): readonly Finding[] => {
        const places = rulesFor(snapshot, one).flatMap((rule) => settingsIn(rule, path));
        if (places.length === 0) return [];
        return [
          {
            title: { kind: 'settingTitle', setting: name, cluster: one.cluster },
            detail: { kind: 'setting', setting: name, places },
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
function settingsIn(rule: DestinationRule, path: Setting['path']): readonly SettingPlace[] {
  const host = rule.spec['trafficPolicy'];
  const ports = at(host, 'portLevelSettings');
  return [
    ...(isSet(host, path) ? [{ rule: nameOf(rule), of: 'host' } as const] : []),
    ...(Array.isArray(ports) && ports.some((port) => isSet(port, path))
      ? [{ rule: nameOf(rule), of: 'port' } as const]
      : []),
    ...(rule.spec.subsets ?? [])
      .filter((subset) => isSet(subset['trafficPolicy'], path))
      .map(({ name }) => ({ rule: nameOf(rule), of: { subset: name } })),
  ];
}

function isSet(policy: unknown, path: Setting['path']): boolean {
  const value = [...path].reduce(at, policy);
  return typeof value === 'object' && value !== null && at(value, 'enabled') !== false;
}

function at(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
}
