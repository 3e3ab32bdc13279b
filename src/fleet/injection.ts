import type { Cluster } from '../kubernetes/client/cluster.ts';
import { isRefused } from '../kubernetes/client/errors.ts';
import { CanaryError } from '../core/errors.ts';
import { isNamespaceOf } from '../release/namespace.ts';
import { isAmbient, notAmbient, whereAmbient } from '../kubernetes/mesh-membership.ts';
import { nameOf } from '../kubernetes/objects.ts';
import type { KubeObject, Pod, PodTemplate } from '../kubernetes/objects.ts';
import { hasSidecar } from '../kubernetes/pods.ts';
import type { Release } from '../release/release.ts';
import { isInjected, liveVersionOf } from '../release/injection.ts';
import type { FleetState } from '../release/state.ts';
import { podTemplateOf } from '../kubernetes/pod-templates.ts';
import type { TriedChange, TriedPlan } from './dry-run.ts';
import { allOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import { inputLabel, theInput } from '../core/wording.ts';

/**
 * Ensures that pods which receive users' requests as soon as they are ready will be part of the mesh as asked for: without a sidecar,
 * mutual TLS to them fails before anyone can check them. A dry run of such a pod asks the injector itself; if the user of the kubeconfig may not
 * create pods, the labels decide.
 *
 * @param namespaces whether the plan has created its namespaces; the injector cannot be asked about a missing one
 * @returns a sentence for each workload of which only labels tell, since the injector could not be asked
 * @throws CanaryError that names every workload without a sidecar: nothing may be deployed then
 */
export async function assertSidecars(
  fleet: Fleet,
  release: Release,
  state: FleetState,
  plan: TriedPlan,
  namespaces: 'written' | 'planned',
): Promise<readonly string[]> {
  if (release.workload.pods === 'none') return [];
  const unasked = await allOf(
    plan.workloads.map(async (change) => {
      const { cluster, object } = change;
      const version = liveVersionOf(plan, cluster, object);
      const template = podTemplateOf(change.after ?? object);
      if (version === undefined || template === undefined) return [];
      const planned = namespaceIn(release, plan.workloads, cluster);
      const labels = (planned ?? state.get(cluster)?.namespace)?.metadata.labels;
      if (release.workload.pods === 'ambient') {
        if (isAmbient(labels, template)) return [];
        throw new CanaryError(
          `${nameOf(object)} in ${cluster} would create pods outside the ambient mesh, and ${version} has users: ${notAmbient(labels, template)}`,
        );
      }
      const canAsk = planned === undefined || namespaces === 'written';
      const asked = canAsk ? await askInjector(fleet.cluster(cluster), object, template) : undefined;
      if (asked ?? isInjected(labels, template))
        return canAsk && asked === undefined
          ? [
              `${nameOf(object)} in ${cluster}: only labels show that its pods get a sidecar. The injector could not be asked, since the API server refused the dry run of a pod (create pods in namespace ${object.metadata.namespace ?? release.namespace}).`,
            ]
          : [];
      if (isAmbient(labels, template))
        throw new CanaryError(
          `${nameOf(object)} in ${cluster} would create pods without a sidecar, but in the ambient mesh (${whereAmbient(template)}). Set ${theInput('pods')} to ambient.`,
        );
      throw new CanaryError(
        `${nameOf(object)} in ${cluster} would create pods without a sidecar, and ${version} has users: mutual TLS to these pods would fail. Is injection enabled for the namespace (${inputLabel('injection')}), and does nothing in the pod template disable it?`,
      );
    }),
  );
  return unasked.flat();
}

/** The namespace of the release as the plan creates or changes it; undefined if the plan does not touch it. */
function namespaceIn(
  release: Release,
  workloads: readonly TriedChange[],
  cluster: string,
): KubeObject | undefined {
  const change = workloads.find((one) => one.cluster === cluster && isNamespaceOf(release, one.object));
  return change && (change.after ?? change.object);
}

/** Whether a pod of a workload gets a sidecar, by a dry run; undefined if the server refuses to try it. */
async function askInjector(
  cluster: Cluster,
  { metadata }: KubeObject,
  template: PodTemplate,
): Promise<boolean | undefined> {
  const { name, namespace } = metadata;
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    ...template,
    metadata: {
      ...template.metadata,
      name: `${name}-sidecar`,
      ...(namespace === undefined ? {} : { namespace }),
    },
  };
  try {
    return hasSidecar(await cluster.create(pod, { dryRun: true }));
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}
