import { CanaryError } from '../../core/errors.ts';
import type { VersionName } from '../../core/weights.ts';
import {
  clientsOf,
  coversService,
  decidingRules,
  localRules,
  isForAll,
  exportsOf,
} from '../../istio/destination-rules.ts';
import type { Client } from '../../istio/traffic-state.ts';
import { keepsRulesPrivate } from '../../istio/mesh-config.ts';
import type { MeshConfig } from '../../istio/mesh-config.ts';
import type { Change } from '../../kubernetes/change.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { DestinationRule, Labels } from '../../kubernetes/objects.ts';
import { formatLabels } from '../../kubernetes/pod-selection.ts';
import type { Observation } from '../observation.ts';
import { oncePerCluster } from '../route-state.ts';
import type { Release } from '../release.ts';
import { trafficOf } from '../state.ts';
import { subsetOf, labelsOf } from '../subsets.ts';

/**
 * Makes sure that the clients of the service, the gateways above all, will see the subset of every version: Istio may follow a rule of the
 * client's own namespace instead of the release's, and requests to a subset that is not in it are answered with 503.
 *
 * @param changes those to DestinationRules among them
 * @throws CanaryError that names the rule that hides the subsets
 */
export function assertSubsetsVisible(
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
    return `For ${where} Istio does not look for a DestinationRule in ${namespace}, because ${nameOf(selective)} is for ${app} too and ${deciding === undefined ? 'selects other workloads' : 'selects them'} (workloadSelector): there is no subset ${version} then, and requests to ${version} would be answered with 503. Delete that rule.`;
  }
  if (deciding === undefined || deciding.metadata.namespace === namespace) {
    const ours = all.filter((rule) => rule.metadata.namespace === namespace && coversService(release, rule));
    const unexported = ours.find((rule) => exportsOf(rule).length === 0 && isForAll(rule));
    if (unexported !== undefined && keepsRulesPrivate(mesh)) {
      return `For ${where} there would be no subset ${version} of ${app}: ${nameOf(unexported)} has no exportTo, and this mesh keeps such rules to their namespace (defaultDestinationRuleExportTo). Requests to ${version} would be answered with 503. Set exportTo in that rule to the namespaces of its clients, or to "*"; if it does not exist yet, create it with exportTo and host ${app}.`;
    }
    const own = ours.find((rule) => exportsOf(rule).length > 0);
    return `For ${where} there would be no subset ${version} of ${app}: ${own === undefined ? 'no DestinationRule for it has one' : `${nameOf(own)} is exported only to ${exportsOf(own).join(', ')} (exportTo)`}. Requests to ${version} would be answered with 503. Remove exportTo from that rule, or add the namespace of the clients to it.`;
  }
  return `For ${where} Istio follows ${nameOf(deciding)} instead of a DestinationRule of ${namespace}, and it has no subset ${version}: requests to ${version} would be answered with 503. Add the subset ${version} to ${nameOf(deciding)}, with the same labels, or delete that rule.`;
}

function differ(one: Labels, other: Labels): boolean {
  const keys = Object.keys(one);
  return keys.length !== Object.keys(other).length || keys.some((key) => one[key] !== other[key]);
}
