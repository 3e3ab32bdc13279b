import type { Change } from '../kubernetes/change.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { DestinationRule } from '../kubernetes/objects.ts';
import { oncePerCluster } from './route-state.ts';
import type { Observation } from './observation.ts';

/**
 * Warnings of a DestinationRule that stops applying to the service once the release makes one of its own: Istio follows the rule of the
 * service's namespace with the narrowest host alone (https://istio.io/latest/docs/ops/best-practices/traffic-management/). What the earlier rule
 * says is in the new one; its later changes are not.
 *
 * @param changes those to DestinationRules among them
 * @returns a sentence for each rule, whatever the number of clusters
 */
export function supersededRules(
  { release: { app }, routes }: Observation,
  changes: readonly Change[],
): readonly string[] {
  const found = changes.flatMap(({ cluster, verb, object }) => {
    if (verb !== 'create' || object.kind !== 'DestinationRule') return [];
    const rules = oncePerCluster(routes).find((one) => one.cluster === cluster)?.deciding.rules ?? [];
    return rules
      .filter((rule) => partsOf(rule).length > 0)
      .map((rule) => ({
        cluster,
        text: `${nameOf(rule)}, for ${rule.spec.host}, no longer applies to ${app} once ${nameOf(object)} exists, because Istio then follows only that one. Its settings are copied into the new rule: ${partsOf(rule).join(', ')}. Later changes to ${nameOf(rule)} have to be made in ${nameOf(object)} as well`,
      }));
  });
  return [...Map.groupBy(found, ({ text }) => text)].map(
    ([text, all]) => `${text} (${all.map(({ cluster }) => cluster).join(', ')}).`,
  );
}

function partsOf({ spec }: DestinationRule): readonly string[] {
  const { tls, ...others } = spec.trafficPolicy ?? {};
  return [
    ...Object.keys(others),
    // Mutual TLS is what a rule made anew asks for by itself.
    ...(tls === undefined || tls.mode === 'ISTIO_MUTUAL' ? [] : ['tls']),
    ...(spec.subsets ?? []).map(({ name }) => `subset ${name}`),
  ];
}
