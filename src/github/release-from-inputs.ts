import type { Manifest, Release } from '../release/release.ts';
import type { ClusterName } from '../core/names.ts';
import type { VersionName } from '../core/weights.ts';
import { areComplete } from './inputs.ts';
import type { InputName, Inputs, Operation, Sources } from './inputs.ts';
import { readManifests } from './manifests.ts';
import { EVERY_CLUSTER } from './parsers.ts';

/** How a message names the weights where an input gives them, not the release file. */
const INPUT_WEIGHTS = 'Input weights';

/**
 * The weights of the release file are where the release goes. Who rolls back wants to get away from them, and who verifies looks
 * at those in force, which are others until the release gets there.
 */
const WITHOUT_FILE_WEIGHTS: readonly Operation[] = ['rollback', 'verify'];

/** Takes down what is wrong with an input. */
type Tell = (input: InputName, problem: string) => void;

/**
 * The release that the inputs describe, with what is wrong between them. Inputs that could not be read are missing from
 * `values`: what depends on them is not judged, and there is no release then.
 *
 * @param contexts of the kubeconfig; undefined where it could not be read
 * @param sources of the values that were given, for messages
 */
export function releaseFromInputs(
  values: Partial<Inputs>,
  contexts: readonly string[] | undefined,
  sources: Sources = new Map(),
): { readonly release: Release | undefined; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const sourceOf = (input: InputName): string => sources.get(input) ?? `Input ${input}`;
  const tell: Tell = (input, problem) => {
    problems.push(`${sourceOf(input)}: ${problem}`);
  };
  if (contexts !== undefined) checkContexts(values, contexts, tell);
  const images = imagesOf(values, tell);
  checkVersions(values, images, tell);
  checkChoices(values, tell);
  const read = values.manifests && readManifests(values.manifests, sourceOf('manifests'));
  problems.push(...(read?.problems ?? []));
  if (!areComplete(values)) return { release: undefined, problems };
  const weights = isMeant(values, sources) ? placedWeights(values) : undefined;
  return { release: Object.freeze(build({ ...values, weights }, images, read?.manifests)), problems };
}

function isMeant({ operation }: Inputs, sources: Sources): boolean {
  return (
    !WITHOUT_FILE_WEIGHTS.includes(operation) || (sources.get('weights') ?? INPUT_WEIGHTS) === INPUT_WEIGHTS
  );
}

/**
 * The weights without versions that have no clusters: those are at 0, as they come in `next-weights` while a route still holds
 * one. Left out they stay at 0 there, and no subset is made where there is none.
 */
function placedWeights({ weights, clusters: { byVersion } }: Inputs): Inputs['weights'] {
  if (weights === undefined || byVersion.size === 0) return weights;
  return new Map([...weights].filter(([version]) => byVersion.has(version)));
}

function build(
  values: Inputs,
  images: ReadonlyMap<VersionName, string>,
  manifests: readonly Manifest[] | undefined,
): Release {
  const { clusters, byVersion } = values.clusters;
  const configClusters = [...new Set(values['config-clusters'] ?? clusters)];
  const [virtualService = values.app, ...companions] = values['virtual-service'] ?? [];
  return {
    app: values.app,
    namespace: values.namespace,
    version: values.version,
    placement: byVersion,
    clusters,
    configClusters,
    workload: {
      images,
      manifests,
      port: values.port,
      targetPort: values['target-port'],
      portName: values['port-name'],
      replicas: values.replicas,
      injection: values.injection,
      readyTimeoutMs: values['ready-timeout'],
    },
    traffic: {
      weights: values.weights,
      steps: values.steps,
      promoteTo: values['promote-to'],
      bakeMs: values.bake,
      virtualService,
      companions: values['virtual-service'] === undefined ? undefined : companions,
      destinationRule: values['destination-rule'] ?? values.app,
      gateway: values.gateway,
      gatewaySelector: Object.fromEntries(values['gateway-selector']),
      hosts: values.hosts,
      routes: values.routes,
    },
    check: {
      path: values.path,
      host: values.host,
      headers: values.headers,
      versionFrom: values['version-from'],
      tolerance: values.tolerance / 100,
      confidence: values.confidence / 100,
      maxSamples: values['max-samples'],
      maxRps: values['max-rps'],
      verifyTimeoutMs: values['verify-timeout'],
      maxErrorRate: values['max-error-rate'] / 100,
      maxLatencyIncrease: fraction(values['max-latency-increase']),
      ingress: ingressesOf(values.ingress, [...clusters, ...configClusters]),
      propagationMs: values['propagation-time'],
    },
    onFailure: values['on-failure'],
  };
}

/** What was given for every cluster, and what for each, which wins. */
function ingressesOf(
  given: ReadonlyMap<string, string>,
  clusters: readonly ClusterName[],
): ReadonlyMap<ClusterName, string> {
  const every = given.get(EVERY_CLUSTER);
  const own = [...given].filter(([name]) => name !== EVERY_CLUSTER);
  return new Map([...(every === undefined ? [] : clusters.map((name) => [name, every] as const)), ...own]);
}

function checkContexts(values: Partial<Inputs>, contexts: readonly string[], tell: Tell): void {
  const takes = `the contexts of the kubeconfig: ${contexts.join(', ')}`;
  const unknown = (input: InputName, names: readonly string[]): void => {
    for (const name of names) {
      if (!contexts.includes(name)) tell(input, `got "${name}", which is no context; it takes ${takes}.`);
    }
  };
  unknown('clusters', values.clusters?.clusters ?? []);
  unknown('config-clusters', values['config-clusters'] ?? []);
  const named = [...(values.clusters?.clusters ?? []), ...(values['config-clusters'] ?? [])];
  for (const name of values.ingress?.keys() ?? []) {
    if (values.clusters !== undefined && !named.includes(name) && name !== EVERY_CLUSTER) {
      tell('ingress', `got "${name}", which is none of the clusters named; it takes ${named.join(', ')}.`);
    }
  }
}

function imagesOf(values: Partial<Inputs>, tell: Tell): ReadonlyMap<VersionName, string> {
  const { image, version } = values;
  if (image === undefined) return new Map();
  if (typeof image !== 'string') return image;
  if (version === undefined) {
    tell('image', `got "${image}" for no version; set the input version, or write version=image.`);
    return new Map();
  }
  return new Map([[version, image]]);
}

function checkVersions(values: Partial<Inputs>, images: ReadonlyMap<VersionName, string>, tell: Tell): void {
  const placed = [...(values.clusters?.byVersion.keys() ?? [])];
  if (placed.length === 0) return;
  const unknown = (input: InputName, names: Iterable<VersionName>): void => {
    for (const name of names) {
      if (!placed.includes(name)) {
        tell(
          input,
          `got version "${name}", which has no clusters; the input clusters names ${placed.join(', ')}. Name its clusters there.`,
        );
      }
    }
  };
  const weighed = [...(values.weights ?? [])].filter(([, weight]) => weight > 0);
  unknown(
    'weights',
    weighed.map(([version]) => version),
  );
  unknown('image', images.keys());
  unknown('version', values.version === undefined ? [] : [values.version]);
}

function checkChoices(values: Partial<Inputs>, tell: Tell): void {
  if (values.manifests !== undefined && values.version === undefined) {
    tell('manifests', 'they are the objects of one version; set the input version to it.');
  }
  if (values.steps !== undefined && values.steps.length > 0 && values.version === undefined) {
    tell('steps', 'they are weights of the version being released; set the input version to it.');
  }
  const { steps = [], 'promote-to': goal } = values;
  if (goal !== undefined && !steps.includes(goal)) {
    tell(
      'promote-to',
      `got "${String(goal)}", which is none of the steps; it takes ${steps.join(', ') || 'one of the input steps'}.`,
    );
  }
}

const fraction = (percent: number | undefined): number | undefined =>
  percent === undefined ? undefined : percent / 100;
