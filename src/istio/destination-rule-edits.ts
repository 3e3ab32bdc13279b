import type { VersionName } from '../core/weights.ts';
import type { PodMode } from '../kubernetes/mesh-membership.ts';
import type { DestinationRule, Labels, Subset } from '../kubernetes/objects.ts';
import { exportsOf } from './destination-rules.ts';
import type { Deciding } from './destination-rules.ts';

/** The labels by which the subset of each version selects its pods. */

export type VersionLabels = ReadonlyMap<VersionName, Labels>;
function isMutual({ tls }: NonNullable<Deciding['policy']>): boolean {
  return tls === undefined || tls.mode === 'ISTIO_MUTUAL';
}

/** A rule's `exportTo`, which means the same in a rule of another namespace. */
function exportedTo(rule: DestinationRule): readonly string[] {
  return exportsOf(rule).map((name) => (name === '.' ? (rule.metadata.namespace ?? name) : name));
}

const MUTUAL_TLS = { tls: { mode: 'ISTIO_MUTUAL' } };
function newSubset(version: VersionName, labels: Labels, mutual = true): Subset {
  return { name: version, labels, ...(mutual ? { trafficPolicy: MUTUAL_TLS } : {}) };
}

/**
 * A DestinationRule made anew: a subset for each version; where the pods have sidecars, Istio's mutual TLS on both levels. What another rule has given the service
 * so far is taken over, since Istio follows the new one alone.
 */
export function newDestinationRule(
  apiVersion: string,
  key: { readonly name: string; readonly namespace: string; readonly host: string },
  versions: VersionLabels,
  { subsets, policy, rules }: Deciding = { subsets: [], policy: undefined, rules: [] },
  pods: PodMode = 'sidecar',
): DestinationRule {
  const hasSidecars = pods === 'sidecar';
  const trafficPolicy = policy?.tls === undefined && hasSidecars ? { ...policy, ...MUTUAL_TLS } : policy;
  const exportTo = rules.map(exportedTo).find((names) => names.length > 0);
  return {
    apiVersion,
    kind: 'DestinationRule',
    metadata: { name: key.name, namespace: key.namespace },
    spec: {
      host: key.host,
      ...(trafficPolicy === undefined ? {} : { trafficPolicy }),
      ...(exportTo === undefined ? {} : { exportTo }),
      subsets: [
        ...subsets,
        ...[...versions]
          .filter(([version]) => !subsets.some(({ name }) => name === version))
          .map(([version, labels]) =>
            newSubset(version, labels, hasSidecars && isMutual(trafficPolicy ?? {})),
          ),
      ],
    },
  };
}

/** The DestinationRule with further subsets; those that it has stay as they are, whatever they hold. */
export function withSubsets(
  rule: DestinationRule,
  versions: VersionLabels,
  pods: PodMode = 'sidecar',
): DestinationRule {
  if (versions.size === 0) return rule;
  const added = [...versions].map(([version, labels]) => newSubset(version, labels, pods === 'sidecar'));
  return { ...rule, spec: { ...rule.spec, subsets: [...(rule.spec.subsets ?? []), ...added] } };
}

/** The DestinationRule without the subset of a version. */
export function withoutSubset(rule: DestinationRule, version: VersionName): DestinationRule {
  return {
    ...rule,
    spec: { ...rule.spec, subsets: (rule.spec.subsets ?? []).filter(({ name }) => name !== version) },
  };
}
