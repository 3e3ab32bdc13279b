import {
  clientsOf,
  coversService,
  decidingRules,
  exportsOf,
  isForAll,
  localRules,
} from '../istio/destination-rules.ts';
import type { Deciding } from '../istio/destination-rules.ts';
import type { Client } from '../istio/traffic-state.ts';
import { CanaryError } from '../core/errors.ts';
import type { Change } from '../kubernetes/change.ts';
import { areExclusive, formatLabels } from '../kubernetes/pod-selection.ts';
import { keepsRulesPrivate } from '../istio/mesh-config.ts';
import type { MeshConfig } from '../istio/mesh-config.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { DestinationRule, Labels, Subset } from '../kubernetes/objects.ts';
import type { Release } from './release.ts';
import type { Observation } from './observation.ts';
import { oncePerCluster } from './observed-routing.ts';
import { trafficOf } from './state.ts';
import type { RouteState } from './observed-routing.ts';
import type { VersionName } from '../core/weights.ts';

/** The pod label that tells versions apart where no subset says otherwise. */
export const VERSION_LABEL = 'version';

const MUTUAL_TLS = { tls: { mode: 'ISTIO_MUTUAL' } };

/** The labels by which the subset of each version selects its pods. */
export type VersionLabels = ReadonlyMap<VersionName, Labels>;

/**
 * A DestinationRule made anew: a subset for each version, Istio's mutual TLS on both levels. What another rule has given the service
 * so far is taken over, since Istio follows the new one alone.
 */
export function newDestinationRule(
  apiVersion: string,
  key: { readonly name: string; readonly namespace: string; readonly host: string },
  versions: VersionLabels,
  { subsets, policy, rules }: Deciding = { subsets: [], policy: undefined, rules: [] },
): DestinationRule {
  const trafficPolicy = policy?.tls === undefined ? { ...policy, ...MUTUAL_TLS } : policy;
  const exportTo = rules.map(exportedTo).find((names) => names.length > 0);
  return {
    apiVersion,
    kind: 'DestinationRule',
    metadata: { name: key.name, namespace: key.namespace },
    spec: {
      host: key.host,
      trafficPolicy,
      ...(exportTo === undefined ? {} : { exportTo }),
      subsets: [
        ...subsets,
        ...[...versions]
          .filter(([version]) => !subsets.some(({ name }) => name === version))
          .map(([version, labels]) => newSubset(version, labels, isMutual(trafficPolicy))),
      ],
    },
  };
}

/** A rule's `exportTo`, which means the same in a rule of another namespace. */
function exportedTo(rule: DestinationRule): readonly string[] {
  return exportsOf(rule).map((name) => (name === '.' ? (rule.metadata.namespace ?? name) : name));
}

function isMutual({ tls }: NonNullable<Deciding['policy']>): boolean {
  return tls === undefined || tls.mode === 'ISTIO_MUTUAL';
}

function newSubset(version: VersionName, labels: Labels, mutual = true): Subset {
  return { name: version, labels, ...(mutual ? { trafficPolicy: MUTUAL_TLS } : {}) };
}

/** The DestinationRule with further subsets; those that it has stay as they are, whatever they hold. */
export function withSubsets(rule: DestinationRule, versions: VersionLabels): DestinationRule {
  if (versions.size === 0) return rule;
  const added = [...versions].map(([version, labels]) => newSubset(version, labels));
  return { ...rule, spec: { ...rule.spec, subsets: [...(rule.spec.subsets ?? []), ...added] } };
}

/** The DestinationRule without the subset of a version. */
export function withoutSubset(rule: DestinationRule, version: VersionName): DestinationRule {
  return {
    ...rule,
    spec: { ...rule.spec, subsets: (rule.spec.subsets ?? []).filter(({ name }) => name !== version) },
  };
}

/** The versions that have no subset yet in one config cluster. */
export function missingSubsets(
  { deciding, destinationRule }: Pick<RouteState, 'deciding' | 'destinationRule'>,
  versions: readonly VersionName[],
): readonly VersionName[] {
  const existing = [...deciding.subsets, ...(destinationRule?.spec.subsets ?? [])];
  return versions.filter((version) => !existing.some(({ name }) => name === version));
}

/** The subset of a version in one config cluster, in the rules that decide or in that of the release. */
export function subsetOf(
  { deciding, destinationRule }: Pick<RouteState, 'deciding' | 'destinationRule'>,
  version: VersionName,
): Subset | undefined {
  return [...deciding.subsets, ...(destinationRule?.spec.subsets ?? [])].find(({ name }) => name === version);
}

/**
 * The labels that the pods of a version carry: those that its subsets select by, of all config clusters, since each sends to the
 * pods of all; those that the subset will have where none exists yet.
 */
export function labelsOf(routes: readonly RouteState[], version: VersionName): Labels {
  const subsets = oncePerCluster(routes)
    .map((one) => subsetOf(one, version))
    .filter((subset) => subset !== undefined);
  if (subsets.length === 0) return { [VERSION_LABEL]: version };
  return Object.assign({}, ...subsets.map(({ labels }) => labels)) as Labels;
}

/** The labels of each version. */
export function versionLabels(
  routes: readonly RouteState[],
  versions: readonly VersionName[],
): VersionLabels {
  return new Map(versions.map((version) => [version, labelsOf(routes, version)]));
}

/**
 * Refuses subsets that cannot tell the versions apart, whatever pods there are.
 *
 * @throws CanaryError where the subset of a version has no labels, or other labels in another cluster
 */
export function assertSubsetLabels(routes: readonly RouteState[], versions: readonly VersionName[]): void {
  for (const version of versions) {
    const found = oncePerCluster(routes).flatMap((one) => {
      const subset = subsetOf(one, version);
      return subset === undefined ? [] : [{ ...one, labels: subset.labels ?? {} }];
    });
    const bare = found.find(({ labels }) => Object.keys(labels).length === 0);
    if (bare !== undefined) {
      throw new CanaryError(
        `Subset ${version} of ${holderOf(bare, version)} in ${bare.cluster} has no labels, so it selects the pods of every version. Give it the labels of the pods of ${version}, for example ${VERSION_LABEL}: ${version}.`,
      );
    }
    const [first] = found;
    const other = found.find(({ labels }) => first !== undefined && areExclusive(labels, first.labels));
    if (first !== undefined && other !== undefined) {
      throw new CanaryError(
        `Subset ${version} selects ${formatLabels(first.labels)} in ${first.cluster} (${holderOf(first, version)}) and ${formatLabels(other.labels)} in ${other.cluster} (${holderOf(other, version)}), which no pod can carry both. Give the subset the same labels in every cluster.`,
      );
    }
  }
}

function differ(one: Labels, other: Labels): boolean {
  const keys = Object.keys(one);
  return keys.length !== Object.keys(other).length || keys.some((key) => one[key] !== other[key]);
}

/** The rule that defines the subset of a version, as messages name it. */
export function holderOf(
  { deciding, destinationRule }: Pick<RouteState, 'deciding' | 'destinationRule'>,
  version: VersionName,
): string {
  const all = [...deciding.rules, ...(destinationRule === undefined ? [] : [destinationRule])];
  const holder = all.find(({ spec }) => spec.subsets?.some(({ name }) => name === version));
  return holder === undefined ? 'no DestinationRule' : nameOf(holder);
}

/**
 * Makes sure that the clients of the service, the gateways above all, will see the subset of every version: Istio may follow a rule of the
 * client's own namespace instead of the release's, and requests to a subset that is not in it are answered with 503.
 *
 * @param changes those to DestinationRules among them
 * @throws CanaryError that names the rule that hides the subsets
 */
export function assertSeen(
  { release, fleet, routes }: Observation,
  versions: readonly VersionName[],
  changes: readonly Change[],
): void {
  for (const one of oncePerCluster(routes)) {
    const { cluster } = one;
    const traffic = trafficOf(fleet, cluster);
    const written = changes
      .filter((change) => change.cluster === cluster && change.object.kind === 'DestinationRule')
      .map(({ object }) => object as DestinationRule);
    const after = [
      ...traffic.everywhere.destinationRules.filter(
        (rule) => !written.some((one) => nameOf(one) === nameOf(rule)),
      ),
      ...written,
    ];
    const services = routes.flatMap(({ cluster: its, virtualService: vs }) =>
      its === cluster && vs !== undefined ? [vs] : [],
    );
    for (const client of clientsOf(release, traffic, services)) {
      const { rules, subsets } = decidingRules(release, after, client, traffic.mesh);
      const hidden = versions.find((version) => !subsets.some(({ name }) => name === version));
      if (hidden !== undefined)
        throw new CanaryError(hiddenFrom(release, traffic.mesh, cluster, client, hidden, rules, after));
      const wrong = versions.find((version) => {
        const labels = subsets.find(({ name }) => name === version)?.labels ?? {};
        return differ(labels, subsetOf(one, version)?.labels ?? labelsOf(routes, version));
      });
      if (wrong !== undefined) {
        throw new CanaryError(
          `For clients in namespace ${client?.namespace ?? 'any other'} in ${cluster}, ${rules.map(nameOf).join(' and ')} decides for ${release.app}, and its subset ${wrong} has other labels than the one that the gateways use (${formatLabels(subsetOf(one, wrong)?.labels ?? labelsOf(routes, wrong))}). Give it the same labels, or delete that rule.`,
        );
      }
    }
  }
}

function hiddenFrom(
  release: Release,
  mesh: MeshConfig,
  cluster: string,
  client: Client | undefined,
  version: VersionName,
  rules: readonly DestinationRule[],
  all: readonly DestinationRule[],
): string {
  const { app, namespace } = release;
  const where = `clients in ${client === undefined ? 'other namespaces' : `namespace ${client.namespace}`} in ${cluster}`;
  const [deciding] = rules;
  const [selective] = localRules(release, all, client, mesh).filter((rule) => !isForAll(rule));
  if (selective !== undefined && (deciding === undefined || deciding === selective)) {
    return `For ${where} Istio looks for no DestinationRule of ${namespace}, because ${nameOf(selective)} is for ${app} too and ${deciding === undefined ? 'selects other workloads' : 'selects them'} (workloadSelector): there is no subset ${version} then, and requests to ${version} would be answered with 503. Delete that rule.`;
  }
  if (deciding === undefined || deciding.metadata.namespace === namespace) {
    const ours = all.filter((rule) => rule.metadata.namespace === namespace && coversService(release, rule));
    const unexported = ours.find((rule) => exportsOf(rule).length === 0 && isForAll(rule));
    if (unexported !== undefined && keepsRulesPrivate(mesh)) {
      return `For ${where} there would be no subset ${version} of ${app}: ${nameOf(unexported)} has no exportTo, and this mesh keeps such rules to their namespace (defaultDestinationRuleExportTo). Requests to ${version} would be answered with 503. Set exportTo in that rule to the namespaces of its clients, or to "*"; if it does not exist yet, create it with exportTo and host ${app}.`;
    }
    const own = ours.find((rule) => exportsOf(rule).length > 0);
    return `For ${where} there would be no subset ${version} of ${app}: ${own === undefined ? 'no DestinationRule for it has one' : `${nameOf(own)} is exported to ${exportsOf(own).join(', ')} alone (exportTo)`}. Requests to ${version} would be answered with 503. Take exportTo out of that rule, or add the namespace of the clients to it.`;
  }
  return `For ${where} Istio follows ${nameOf(deciding)} instead of a DestinationRule of ${namespace}, and it has no subset ${version}: requests to ${version} would be answered with 503. Add the subset ${version} to ${nameOf(deciding)}, with the same labels, or delete that rule.`;
}
