import type { WorkloadObject } from '../kubernetes/change.ts';
import { CanaryError } from '../core/errors.ts';
import { manifestsFor, placedObject } from './manifests.ts';
import { areExclusive, podLabels, selectsEndpoint, formatLabels } from '../kubernetes/pod-selection.ts';
import { isNamespaceOf } from './namespace.ts';
import { nameOf, selects } from '../kubernetes/objects.ts';
import type { Deployment, KubeObject, Labels, Service } from '../kubernetes/objects.ts';
import { withNames, portOfService, portsOfContainer } from './container-ports.ts';
import { isOurs } from '../kubernetes/field-managers.ts';
import type { Manifest, Release } from './release.ts';
import { replicasFor } from './replicas.ts';
import { APP_LABEL, selectorOfService } from './service-port.ts';
import { placeOfPods } from './state.ts';
import type { ClusterState, FleetState } from './state.ts';
import { VERSION_LABEL } from './version-label.ts';
import type { VersionLabels } from '../istio/destination-rule-edits.ts';
import type { VersionName } from '../core/weights.ts';
import { inputPlace, theInput } from '../core/wording.ts';
import { podTemplateOf } from '../kubernetes/pod-templates.ts';
import { containersFor, withImage } from './workload-images.ts';

/**
 * What one version needs in one cluster: generated Service and Deployment, or the user's manifests with labels and image
 * patched in. Empty where the version is not deployed by the action.
 *
 * @param versions the labels that the pods of each version carry
 * @param fleet the other clusters, which may tell what a named port is
 * @throws CanaryError where an object of the same name runs another version, its pods could not carry the version's labels, or the manifests leave a choice open
 */
export function workloadObjects(
  release: Release,
  state: ClusterState,
  version: VersionName,
  versions: VersionLabels,
  fleet: FleetState = new Map([[state.name, state]]),
): readonly WorkloadObject[] {
  const { images } = release.workload;
  const manifests = manifestsFor(release, state.name);
  const image = images.get(version);
  const reason = { kind: 'forVersion', version } as const;
  // The label version stays beside other labels of a subset: Istio's metrics tell versions apart by it.
  const labels = { [VERSION_LABEL]: version, ...podLabels(versions.get(version) ?? {}) };
  const objects =
    manifests !== undefined && version === release.version
      ? patchedManifests(release, state, labels, manifests, image)
      : image === undefined
        ? []
        : generated(release, state, version, labels, image, fleet);
  for (const object of objects) assertSameVersion(state, object, version, versions);
  return objects.map((object) => ({ object, reason }));
}

function generated(
  release: Release,
  state: ClusterState,
  version: VersionName,
  own: Labels,
  image: string,
  fleet: FleetState,
): readonly KubeObject[] {
  const { app, namespace } = release;
  if (version !== version.toLowerCase()) {
    throw new CanaryError(
      `The Deployment of ${version} would be named ${app}-${version}, and Kubernetes allows lower-case letters only. Deploy ${version} with ${theInput('manifests')}, or name the version in lower case.`,
    );
  }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `${app}-${version}`, namespace },
  };
  const existing = workloadLike(state, deployment);
  const labels = { [APP_LABEL]: app, ...selectorOfService(release, state), ...own };
  const chosen = existing === undefined ? undefined : containersFor(existing, app, image);
  const [main = { name: app }, ...others] = chosen?.containers ?? [];
  const initial = chosen?.initContainers ?? [];
  const services = generatedService(release, state);
  const numbered = portsOfContainer(
    release.workload,
    existing,
    existing === undefined ? undefined : main,
    services[0] ?? state.service,
  );
  const ports = services.length === 0 ? withNames(numbered, release, state, fleet) : numbered;
  const replicas = replicasFor(deployment, existing, release.workload.replicas, release, state);
  return [
    ...services,
    {
      ...deployment,
      metadata: { ...deployment.metadata, labels: { [APP_LABEL]: app, ...own } },
      spec: {
        ...(replicas === undefined ? {} : { replicas }),
        // The selector of a Deployment cannot change.
        selector: existing?.spec?.selector ?? { matchLabels: labels },
        template: {
          metadata: { labels: { ...labels, ...existing?.spec?.selector?.matchLabels } },
          spec: {
            containers: [
              {
                name: main.name,
                image,
                ...(ports.length === 0 ? {} : { ports }),
              },
              ...others.map(({ name }) => ({ name, image })),
            ],
            ...(initial.length === 0 ? {} : { initContainers: initial.map(({ name }) => ({ name, image })) }),
          },
        },
      },
    },
  ];
}

function generatedService(release: Release, state: ClusterState): readonly Service[] {
  const { app, namespace } = release;
  const { port } = release.workload;
  if (state.service !== undefined && !isOurs(state.service)) return [];
  if (port === undefined) {
    if (state.service !== undefined) return [];
    throw new CanaryError(
      `There is no Service ${namespace}/${app} in ${state.name} yet, and ${theInput('port')} is not set: set it to the port on which the Service listens.`,
    );
  }
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: app, namespace, labels: { [APP_LABEL]: app } },
      spec: {
        selector: { [APP_LABEL]: app },
        ports: [portOfService(port, release.workload, state.service)],
      },
    },
  ];
}

/** The workload of the cluster that has kind and name of `object`. */
function workloadLike(state: ClusterState, object: KubeObject): Deployment | undefined {
  return state.deployments.find(
    ({ kind, metadata }) => kind === object.kind && metadata.name === object.metadata.name,
  );
}

function assertSameVersion(
  state: ClusterState,
  object: KubeObject,
  version: VersionName,
  versions: VersionLabels,
): void {
  const place = placeOfPods(state);
  const isOf = (name: VersionName, labels: Labels | undefined): boolean =>
    selectsEndpoint(versions.get(name) ?? {}, { labels, nodeName: undefined }, place) !== false;
  const running = workloadLike(state, object)?.spec?.template?.metadata?.labels;
  const other =
    running &&
    ([...versions.keys()].find((name) => name !== version && isOf(name, running)) ?? running[VERSION_LABEL]);
  if (other !== undefined && other !== version && !isOf(version, running)) {
    throw new CanaryError(
      `${nameOf(object)} in ${state.name} runs version ${other}, not ${version}. Deploying ${version} under this name would take ${other} away from its users; give the new ${object.kind} another name, or another cluster.`,
    );
  }
  const template = podTemplateOf(object);
  const { selector } = (object as Deployment).spec ?? {};
  if (
    template !== undefined &&
    areExclusive(selector?.matchLabels ?? {}, podLabels(versions.get(version) ?? {}))
  ) {
    throw new CanaryError(
      `${nameOf(object)} in ${state.name} selects pods labelled ${formatLabels(selector?.matchLabels ?? {})}, which cannot change, and ${version} is selected by ${formatLabels(versions.get(version) ?? {})}. Deploy ${version} under another name, or change the labels that select ${version}.`,
    );
  }
}

// The user's own manifests

function patchedManifests(
  release: Release,
  state: ClusterState,
  labels: Labels,
  manifests: readonly Manifest[],
  image: string | undefined,
): readonly KubeObject[] {
  const workloads = manifests.filter(({ object }) => podTemplateOf(object) !== undefined);
  const mine = serviceWorkloads(release, state, workloads);
  return manifests.map((manifest) => {
    const object = placedObject(manifest.object, release, state);
    return mine.includes(manifest)
      ? withVersion(release, state, manifest.source, object, labels, image)
      : object;
  });
}

/** The user's own objects for a version, but Service and Namespace of the release, which serve every version. */
export function ownObjects(
  release: Release,
  state: Pick<ClusterState, 'name' | 'clusterScoped'>,
): readonly KubeObject[] {
  return (manifestsFor(release, state.name) ?? [])
    .map(({ object }) => placedObject(object, release, state))
    .filter(
      (object) =>
        !isNamespaceOf(release, object) &&
        !(object.kind === 'Service' && object.metadata.name === release.app),
    );
}

/** The workloads among the manifests whose pods the service selects; the only workload, where none matches. */
function serviceWorkloads(
  release: Release,
  state: ClusterState,
  workloads: readonly Manifest[],
): readonly Manifest[] {
  const selector = selectorOfService(release, state);
  const selected = workloads.filter(({ object }) =>
    selects(selector, podTemplateOf(object)?.metadata?.labels),
  );
  if (selected.length > 0) return selected;
  if (workloads.length === 1) return workloads;
  const which = workloads.length === 0 ? 'no workload' : `none of the ${String(workloads.length)} workloads`;
  const byCluster = release.workload.manifests?.some(({ cluster }) => cluster !== undefined) === true;
  throw new CanaryError(
    `${inputPlace('manifests')}: ${which} in ${byCluster ? `those for ${state.name}` : 'them'} has pods that the Service ${release.app} selects (${JSON.stringify(selector)}).`,
  );
}

function withVersion(
  release: Release,
  state: ClusterState,
  source: string,
  object: KubeObject,
  own: Labels,
  image: string | undefined,
): KubeObject {
  const workload: Deployment = object;
  const template = workload.spec?.template;
  const labels = { ...template?.metadata?.labels, ...own };
  const existing = workloadLike(state, object);
  const selector = existing?.spec?.selector ?? {
    ...workload.spec?.selector,
    matchLabels: { ...workload.spec?.selector?.matchLabels, ...own },
  };
  const { replicas: asked, ...spec } = workload.spec ?? {};
  const replicas =
    object.kind === 'DaemonSet' ? undefined : replicasFor(object, existing, asked, release, state);
  return {
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...own } },
    spec: {
      ...spec,
      ...(replicas === undefined ? {} : { replicas }),
      selector,
      template: {
        ...template,
        metadata: { ...template?.metadata, labels },
        spec: image === undefined ? template?.spec : withImage(workload, release.app, image, source),
      },
    },
  };
}
