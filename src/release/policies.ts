import type { Change } from './change.ts';
import { nameOf } from './objects.ts';
import type { DestinationRule, KubeObject } from './objects.ts';
import type { Release } from './release.ts';
import type { FleetState } from './state.ts';

/**
 * What to be told before a DestinationRule is made for the service: Istio takes the rule of the narrowest host alone
 * (https://istio.io/latest/docs/ops/best-practices/traffic-management/), so the policy of one for many services ends for this one.
 *
 * @param changes those to DestinationRules among them
 * @returns a sentence for each rule, whatever the number of clusters
 */
export function endedPolicies(
  release: Release,
  fleet: FleetState,
  changes: readonly Change[],
): readonly string[] {
  const found = changes.flatMap(({ cluster, verb, object }) => {
    if (verb !== 'create' || object.kind !== 'DestinationRule') return [];
    const wide = ruleOfMany(release, fleet.get(cluster)?.traffic?.destinationRules ?? []);
    const ended = wide === undefined ? [] : endedParts(wide, object);
    if (wide === undefined || ended.length === 0) return [];
    const text = `${nameOf(wide)}, for ${wide.spec.host}, will not apply to ${release.app} any more once ${nameOf(object)} is made, which is narrower: what ends is its ${ended.join(', ')}`;
    return [{ cluster, text, object: nameOf(object) }];
  });
  return [...Map.groupBy(found, ({ text }) => text)].map(
    ([text, all]) =>
      `${text} (${all.map(({ cluster }) => cluster).join(', ')}). To keep that, make ${all[0]?.object ?? ''} yourself first, with the host ${release.app} and all of this: the release then adds its subsets alone.`,
  );
}

/** The rule for many services that applies to the service: of several that cover it the one of the narrowest host. */
function ruleOfMany(
  { app, namespace }: Release,
  rules: readonly DestinationRule[],
): DestinationRule | undefined {
  const host = `${app}.${namespace}.svc.cluster.local`;
  return rules
    .filter(({ spec }) => spec.host.startsWith('*') && host.endsWith(spec.host.slice(1)))
    .toSorted((a, b) => b.spec.host.length - a.spec.host.length)[0];
}

/** The parts of a rule that another one lacks; mutual TLS is what a rule made anew asks for as well. */
function endedParts({ spec }: DestinationRule, made: KubeObject): readonly string[] {
  const { tls, ...others } = spec.trafficPolicy ?? {};
  const kept = tls === undefined || tls.mode === 'ISTIO_MUTUAL';
  const { subsets = [] } = (made as DestinationRule).spec;
  const lost = (spec.subsets ?? []).filter(({ name }) => !subsets.some((subset) => subset.name === name));
  return [...Object.keys(others), ...(kept ? [] : ['tls']), ...lost.map(({ name }) => `subset ${name}`)];
}
