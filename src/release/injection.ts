import { selectsEndpoint } from '../kubernetes/pod-selection.ts';
import type { KubeObject, Labels, PodTemplate } from '../kubernetes/objects.ts';
import type { ReadyCheck } from '../kubernetes/readiness.ts';
import { destinationsTo, allRoutes } from '../istio/routes.ts';
import { leadsToAllByRules } from './http-rules-to-service.ts';
import type { Observation } from './observation.ts';
import type { VersionName } from '../core/weights.ts';
import { podTemplateOf } from '../kubernetes/pod-templates.ts';

const INJECT = 'sidecar.istio.io/inject';
const REVISION = 'istio.io/rev';

/**
 * Whether Istio's injector takes a pod, as far as the labels tell: a pod may refuse, else the namespace decides, and where
 * that says nothing a pod may ask for it. They do not tell whether a control plane of the revision is there, nor whether it
 * takes namespaces without a label.
 * Source: https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy
 *
 * @param namespace the labels of the pod's namespace
 */
export function isInjected(namespace: Labels | undefined, { metadata, spec }: PodTemplate): boolean {
  const asked = metadata?.labels?.[INJECT] ?? metadata?.annotations?.[INJECT];
  if (spec?.['hostNetwork'] === true || asked === 'false') return false;
  const injection = namespace?.['istio-injection'];
  if (injection !== undefined) return injection === 'enabled';
  return (
    namespace?.[REVISION] !== undefined ||
    metadata?.labels?.[REVISION] !== undefined ||
    metadata?.labels?.[INJECT] === 'true'
  );
}

/** The versions whose pods get users' requests as soon as they are ready: by a weight in force, or by a route that names no subset. */
export function liveVersions(
  observed: Observation,
  versions: readonly VersionName[],
): readonly VersionName[] {
  const { release, fleet, routes } = observed;
  const destinations = [...fleet.values()].flatMap(({ traffic }) =>
    (traffic?.everywhere.virtualServices ?? []).flatMap((vs) =>
      allRoutes(vs).flatMap((route) => destinationsTo(vs, route, release)),
    ),
  );
  const all =
    destinations.some(({ destination }) => destination.subset === undefined) || leadsToAllByRules(observed);
  return versions.filter((version) => all || routes.some(({ weights }) => (weights?.get(version) ?? 0) > 0));
}

/** The version that gets users' requests by the pods of a workload as soon as they are ready; undefined where none does. */
export function liveVersionOf(
  { ready, live }: { readonly ready: readonly ReadyCheck[]; readonly live: readonly VersionName[] },
  cluster: string,
  object: KubeObject,
): VersionName | undefined {
  const labels = podTemplateOf(object)?.metadata?.labels;
  return ready.find(
    (check) => check.cluster === cluster && live.includes(check.version) && willSelect(check, labels),
  )?.version;
}

/** Whether the pods that a version waits for may be those of a template with these labels. */
export function willSelect(
  { labels: wanted, place }: Pick<ReadyCheck, 'labels' | 'place'>,
  labels: Labels | undefined,
): boolean {
  return labels !== undefined && selectsEndpoint(wanted, { labels, nodeName: undefined }, place) !== false;
}
