import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../../kubernetes/change.ts';
import { CanaryError } from '../../core/errors.ts';
import { inputLabel, theInput } from '../../core/wording.ts';
import { count } from '../../core/plural.ts';
import { isNamespaceOf } from '../namespace.ts';
import { nameOf, selects } from '../../kubernetes/objects.ts';
import type { Deployment, KubeObject, PodSpec, Service } from '../../kubernetes/objects.ts';
import { forecastRollout, servingOf } from '../../kubernetes/rollout-forecast.ts';
import type { Plan } from '../plan.ts';
import { hasSidecar, isReady } from '../../kubernetes/pods.ts';
import type { Release } from '../release.ts';
import { isInjected, liveVersionOf, willSelect } from '../injection.ts';
import type { ClusterState, FleetState } from '../state.ts';
import { podTemplateOf } from '../../kubernetes/pod-templates.ts';

/** A change with what is there now and what it leaves, defaults of the server included. */
interface Foreseen extends Change {
  readonly live: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

type Foresight = Pick<Plan, 'ready' | 'live'> & { readonly workloads: readonly Foreseen[] };

/**
 * What has users keeps serving: no write takes away the ready pods of a version that has users, and none waits for pods that
 * cannot come.
 *
 * @returns what the writes do to users short of that, a sentence each
 * @throws CanaryError that lists every write that would: nothing may be written then
 */
export function assertKeepsServing(release: Release, fleet: FleetState, plan: Foresight): readonly string[] {
  const found = plan.workloads.flatMap((change) => {
    const { cluster, object, live, after } = change;
    const state = fleet.get(cluster);
    if (after === undefined || state === undefined) return [];
    const isService = object.kind === 'Service' && object.metadata.name === release.app;
    const effects = isNamespaceOf(release, object)
      ? effectsOnNamespace(release, plan, state, live, after)
      : isService
        ? effectsOnService(plan, state, live, after)
        : [...stuck(plan, change, after), ...effectsOnPods(plan, cluster, live, after)];
    return effects.map((effect) => ({ ...effect, text: `${nameOf(after)} in ${cluster} ${effect.text}` }));
  });
  const refused = found.filter(({ harms }) => harms).map(({ text }) => text);
  if (refused.length > 0) throw new CanaryError(refused.join('\n'));
  return found.map(({ text }) => text);
}

interface Effect {
  /** A predicate of the object, and further sentences. */
  readonly text: string;
  /** Whether it is refused. */
  readonly harms: boolean;
}

const harm = (text: string): Effect => ({ text, harms: true });
const caution = (text: string): Effect => ({ text, harms: false });

/** What keeps the pods of a new template from coming at all. */
function stuck(plan: Foresight, { cluster, object, live }: Foreseen, after: Deployment): readonly Effect[] {
  const template = podTemplateOf(after);
  if (template === undefined) return [];
  const changed = !isDeepStrictEqual(live && podTemplateOf(live), template);
  if (after.spec?.paused === true && changed) {
    const planned: Deployment = object;
    const { name, namespace = '' } = after.metadata;
    const remedy =
      planned.spec?.paused === true
        ? `Remove paused from ${theInput('manifests')}.`
        : `Resume it: kubectl --context ${cluster} -n ${namespace} rollout resume deployment/${name}`;
    return [harm(`is paused (spec.paused), so no pod of the new template would be created. ${remedy}`)];
  }
  const gaining = plan.ready.find(
    (check) => check.cluster === cluster && check.gains && willSelect(check, template.metadata?.labels),
  );
  return gaining === undefined || after.kind === 'DaemonSet' || (after.spec?.replicas ?? 1) > 0
    ? []
    : [harm(`would have 0 replicas, but ${gaining.version} is about to get traffic. Give it at least 1.`)];
}

function effectsOnPods(
  plan: Foresight,
  cluster: string,
  live: Deployment | undefined,
  after: Deployment,
): readonly Effect[] {
  const version = live && liveVersionOf(plan, cluster, live);
  const serving = live === undefined ? 0 : servingOf(live);
  // Where nothing serves, nothing can be taken away: such a write may be the cure.
  if (live === undefined || version === undefined || serving === 0) return [];
  const users = `${version} has users and ${count(serving, 'ready pod')} there`;
  if (liveVersionOf(plan, cluster, after) === undefined)
    return [
      harm(
        `would create pods that the Service or the subset of ${version} does not select, but ${users}. Keep the labels of its pods.`,
      ),
    ];
  const outlook = forecastRollout(live, after);
  if (outlook === undefined) return [];
  if (outlook.left < 1) return [harm(`${outlook.why}, but ${users}. ${outlook.remedy}`)];
  return [
    // Up to a quarter is what Kubernetes allows by default.
    ...(outlook.left < Math.floor(0.75 * serving)
      ? [
          caution(
            `${outlook.why}: ${users}; as few as ${String(outlook.left)} of them may be serving during the change.`,
          ),
        ]
      : []),
    ...unprobed(podTemplateOf(live)?.spec, podTemplateOf(after)?.spec).map((name) =>
      caution(
        `loses the readinessProbe of container ${name}: ${users}, and new pods get requests before they listen.`,
      ),
    ),
  ];
}

/** The containers that have lost their readiness probe. */
function unprobed(before: PodSpec = {}, after: PodSpec = {}): readonly string[] {
  return (before.containers ?? [])
    .filter(({ name, readinessProbe }) => {
      const next = after.containers?.find((one) => one.name === name);
      return readinessProbe !== undefined && next !== undefined && next['readinessProbe'] === undefined;
    })
    .map(({ name }) => name);
}

function effectsOnService(
  { live: versions }: Foresight,
  { pods }: ClusterState,
  live: Service | undefined,
  after: Service,
): readonly Effect[] {
  const serving = pods.filter((pod) => isReady(pod) && selects(live?.spec?.selector, pod.metadata.labels));
  if (live === undefined || versions.length === 0 || serving.length === 0) return [];
  const users = `${versions.join(', ')} ${versions.length === 1 ? 'has' : 'have'} users`;
  const lost = serving.filter(({ metadata }) => !selects(after.spec?.selector, metadata.labels));
  const becomes = (field: string, value: unknown): boolean =>
    after.spec?.[field] === value && live.spec?.[field] !== value;
  return [
    ...(lost.length === 0
      ? []
      : [
          harm(
            `would no longer select ${count(lost.length, 'ready pod')} (${lost.map(({ metadata }) => metadata.name).join(', ')}), but ${users}. Keep its selector ${JSON.stringify(live.spec?.selector)}.`,
          ),
        ]),
    ...(becomes('type', 'ExternalName')
      ? [harm(`would become an ExternalName, which leads to no pods, but ${users}. Keep its type.`)]
      : []),
    ...(becomes('publishNotReadyAddresses', true)
      ? [
          harm(
            `would send requests to pods that are not ready (publishNotReadyAddresses), but ${users}. Remove it.`,
          ),
        ]
      : []),
  ];
}

/** Pods that lose their sidecar the next time they are made, be it years later. */
function effectsOnNamespace(
  { workload }: Release,
  { live: versions }: Foresight,
  { service, pods }: ClusterState,
  live: KubeObject | undefined,
  after: KubeObject,
): readonly Effect[] {
  if (workload.pods !== 'sidecar' || live === undefined || versions.length === 0) return [];
  const losing = pods.filter(
    (pod) =>
      isReady(pod) &&
      hasSidecar(pod) &&
      selects(service?.spec?.selector, pod.metadata.labels) &&
      isInjected(live.metadata.labels, pod) &&
      !isInjected(after.metadata.labels, pod),
  );
  if (losing.length === 0) return [];
  return [
    harm(
      `would no longer inject sidecars: ${count(losing.length, 'ready pod')} (${losing.map(({ metadata }) => metadata.name).join(', ')}) would come back without one, and mutual TLS to ${losing.length === 1 ? 'it' : 'them'} would fail, but ${versions.join(', ')} ${versions.length === 1 ? 'has' : 'have'} users. Keep its injection label (${inputLabel('injection')}).`,
    ),
  ];
}
