import { CanaryError } from '../../core/errors.ts';
import type { VersionName } from '../../core/weights.ts';
import { inputLabel, nameOfInput } from '../../core/wording.ts';
import { versionServiceName } from '../../gateway-api/backends.ts';
import { coversService, isForService, tlsModeIn } from '../../istio/destination-rules.ts';
import { MESH_DEFAULTS } from '../../istio/mesh-config.ts';
import { strictPolicy } from '../../istio/peer-authentications.ts';
import type { Change } from '../../kubernetes/change.ts';
import { nameOf, selects } from '../../kubernetes/objects.ts';
import type { Labels } from '../../kubernetes/objects.ts';
import { podTemplateOf } from '../../kubernetes/pod-templates.ts';
import type { Observation } from '../observation.ts';
import { oncePerCluster } from '../route-state.ts';
import { httpPort, selectorOfService, serviceOf } from '../service-port.ts';
import type { ClusterState, FleetState } from '../state.ts';

/**
 * Refuses pods outside the mesh (input pods: none) where something requires mutual TLS of them, and subsets of ambient pods that Istio
 * cannot tell apart.
 *
 * @throws CanaryError that names the object, the field and the remedy
 */
export function assertPodsFitMesh(
  observed: Observation,
  versions: readonly VersionName[],
  workloads: readonly Change[],
): void {
  switch (observed.release.workload.pods) {
    case 'sidecar':
      return;
    case 'ambient':
      assertOneNetwork(observed);
      return;
    case 'none':
      assertNoMutualTls(observed, versions);
      assertNoRuleOfServices(observed, versions);
      assertNotStrict(observed, workloads);
  }
}

/** A rule that makes the gateways speak mutual TLS, which nothing terminates at pods outside the mesh. */
function assertNoMutualTls({ routes }: Observation, versions: readonly VersionName[]): void {
  for (const { cluster, deciding } of oncePerCluster(routes)) {
    for (const version of versions) {
      const subset = deciding.subsets.find(({ name }) => name === version);
      const own = tlsModeIn(subset?.['trafficPolicy']);
      if ((own ?? tlsModeIn(deciding.policy)) !== 'ISTIO_MUTUAL') continue;
      const rule = deciding.rules.map(nameOf).join(' and ');
      const what = own === undefined ? rule : `The subset ${version} of ${rule}`;
      throw new CanaryError(
        `${what} in ${cluster} requires mutual TLS (trafficPolicy.tls.mode: ISTIO_MUTUAL), which pods outside the mesh cannot terminate (${inputLabel('pods', 'none')}). Remove trafficPolicy.tls there, or set ${nameOfInput('pods')} to what the pods have.`,
      );
    }
  }
}

/** The same in rules for the Services of the versions, which HTTPRoutes lead to. */
function assertNoRuleOfServices(
  { release, fleet, api }: Observation,
  versions: readonly VersionName[],
): void {
  if (api.kind !== 'HTTPRoute') return;
  for (const { name, traffic } of fleet.values()) {
    for (const version of versions) {
      const service = { app: versionServiceName(release.app, version), namespace: release.namespace };
      const covering = (traffic?.everywhere.destinationRules ?? []).filter((one) =>
        coversService(service, one),
      );
      // A rule for the Service alone takes the place of one for many.
      const own = covering.filter((one) => isForService(service, one));
      const rule = (own.length > 0 ? own : covering).find(
        ({ spec }) => tlsModeIn(spec.trafficPolicy) === 'ISTIO_MUTUAL',
      );
      if (rule === undefined) continue;
      throw new CanaryError(
        `${nameOf(rule)} in ${name} requires mutual TLS of Service ${release.namespace}/${service.app} (trafficPolicy.tls.mode: ISTIO_MUTUAL), which pods outside the mesh cannot terminate (${inputLabel('pods', 'none')}). Give that Service a DestinationRule of its own without it, or set ${nameOfInput('pods')} to what the pods have.`,
      );
    }
  }
}

/** A policy that no plain request is to reach these pods: without a proxy they would accept every one, whatever it says. */
function assertNotStrict({ release, fleet }: Observation, workloads: readonly Change[]): void {
  for (const state of fleet.values()) {
    const { peerAuthentications: policies, rootNamespace = 'assumed' } = state;
    if (policies === undefined || policies === 'unread') continue;
    const target = httpPort(serviceOf(release, state)?.spec?.ports ?? [], release.workload.port);
    const port = target?.targetPort ?? target?.port;
    const selector = selectorOfService(release, state);
    const all = [...labelsOfPods(state), ...plannedLabels(state, workloads)];
    for (const labels of all.filter((one) => selects(selector, one))) {
      const pods = {
        namespace: release.namespace,
        labels,
        port: typeof port === 'number' ? port : undefined,
      };
      const root = rootNamespace === 'assumed' ? MESH_DEFAULTS.rootNamespace : rootNamespace;
      const policy = strictPolicy(policies, pods, root);
      if (policy === undefined) continue;
      throw new CanaryError(
        `${nameOf(policy)} in ${state.name} allows only mutual TLS to the pods of ${release.app} (mtls.mode: STRICT), but pods outside the mesh accept plain requests from everywhere (${inputLabel('pods', 'none')}). Exempt these pods from the policy (mode: PERMISSIVE or DISABLE), or give them a sidecar.`,
      );
    }
  }
}

function labelsOfPods({ pods }: ClusterState): readonly Labels[] {
  return pods.map(({ metadata }) => metadata.labels ?? {});
}

function plannedLabels({ name }: ClusterState, workloads: readonly Change[]): readonly Labels[] {
  return workloads
    .filter(({ cluster }) => cluster === name)
    .map(({ object }) => podTemplateOf(object)?.metadata?.labels ?? {});
}

/**
 * A gateway reaches ambient pods of another network through its east-west gateway, which Istio describes as one endpoint without the
 * labels of the pods: no subset selects it.
 * Source: EndpointFilterFunc in Istio's pilot/pkg/xds/endpoints (1.31)
 */
function assertOneNetwork({ fleet, api }: Observation): void {
  const networks = networksOf(fleet);
  if (networks.size < 2 || api.kind === 'HTTPRoute') return;
  const each = [...networks].map(([network, clusters]) => `${clusters.join(', ')}: ${network}`).join('; ');
  throw new CanaryError(
    `The clusters are on different networks (label topology.istio.io/network of namespace istio-system: ${each}), and subsets select no ambient pod of another network (${inputLabel('pods', 'ambient')}). Release by an HTTPRoute (${inputLabel('http-route')}), with AMBIENT_ENABLE_MULTI_NETWORK and AMBIENT_ENABLE_MULTI_NETWORK_INGRESS set to true on istiod: both are off by default.`,
  );
}

/** The clusters by their network, as far as it is known. */
export function networksOf(fleet: FleetState): ReadonlyMap<string, readonly string[]> {
  const known = [...fleet.values()].flatMap(({ name, network }) =>
    network === undefined || network === 'unread' ? [] : [{ name, network: network.label ?? 'none' }],
  );
  return new Map(
    [...Map.groupBy(known, ({ network }) => network)].map(([network, all]) => [
      network,
      all.map(({ name }) => name),
    ]),
  );
}
