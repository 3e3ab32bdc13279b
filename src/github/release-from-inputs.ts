import type { MetricSpec } from '../release/metric-specs.ts';
import type { Manifest, Release } from '../release/release.ts';
import type { ClusterName } from '../core/names.ts';
import type { VersionName } from '../core/weights.ts';
import { areComplete } from './inputs.ts';
import type { InputName, Inputs, Operation, ReadInputs, Sources } from './inputs.ts';
import { jobWorkspace } from './job-workspace.ts';
import { readManifests } from './manifests.ts';
import { problemsOfManifestClusters } from './manifest-clusters.ts';
import { metricsFromInputs } from './metrics/metrics-from-inputs.ts';
import type { ReadMetrics } from './metrics/metrics-from-inputs.ts';
import { EVERY_CLUSTER } from './parsers/clusters.ts';
import { inputPlace, theInput } from '../core/wording.ts';

/**
 * The weights of the release file are the target of the release. A rollback moves away from them, and a verification looks at the
 * current weights, which differ until the release gets there.
 */
const WITHOUT_FILE_WEIGHTS: readonly Operation[] = ['rollback', 'verify'];

/** Collects what is wrong with an input. */
type Report = (input: InputName, problem: string) => void;

/**
 * The release that the inputs describe, and how they contradict each other. Inputs that could not be read are missing from
 * `values`: checks that need them are skipped.
 *
 * @param contexts of the kubeconfig; undefined if it could not be read
 * @param sources where each value comes from, for messages
 * @returns no release if an input that is always set could not be read
 */
export function releaseFromInputs(
  values: Partial<Inputs>,
  contexts: readonly string[] | undefined,
  sources: Sources = new Map(),
  places: ReadInputs['places'] = new Map(),
): ReadRelease {
  const problems: string[] = [];
  const sourceOf = (input: InputName): string => sources.get(input) ?? inputPlace(input);
  const report: Report = (input, problem) => {
    problems.push(`${sourceOf(input)}: ${problem}`);
  };
  if (contexts !== undefined) checkContexts(values, contexts, report);
  const images = imagesOf(values, report);
  checkVersions(values, images, report);
  checkChoices(values, report);
  for (const problem of problemsOfManifestClusters(values)) report('manifests', problem);
  const read =
    values.manifests &&
    readManifests(values.manifests, {
      input: sourceOf('manifests'),
      confined: !isInput('manifests', sources),
    });
  problems.push(...(read?.problems ?? []));
  const metrics = readMetrics(values, sources, places);
  problems.push(...metrics.problems);
  const { warnings } = metrics;
  if (!areComplete(values)) return { release: undefined, problems, warnings };
  const weights = appliesWeights(values, sources) ? placedWeights(values) : undefined;
  const release = Object.freeze(build({ ...values, weights }, images, read?.manifests, metrics.specs));
  return { release, problems, warnings };
}

/** What the inputs describe, what is wrong with them, and what is unwise. */
interface ReadRelease {
  readonly release: Release | undefined;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

function readMetrics(values: Partial<Inputs>, sources: Sources, places: ReadInputs['places']): ReadMetrics {
  const { metrics, app, namespace, clusters, 'metrics-address': address } = values;
  // Inputs that are missing or could not be read have been reported.
  if (metrics === undefined || app === undefined || namespace === undefined || clusters === undefined)
    return { specs: [], problems: [], warnings: [] };
  const isRead = address !== undefined || !sources.has('metrics-address');
  if (!isRead) return { specs: [], problems: [], warnings: [] };
  const source = sources.get('metrics-address') ?? inputPlace('metrics-address');
  return metricsFromInputs(metrics, {
    service: { app, namespace },
    names: {
      app,
      namespace,
      version: values.version,
      virtualService: values['virtual-service']?.[0] ?? app,
      route: values.routes?.[0],
    },
    clusters: [...new Set([...clusters.clusters, ...(values['config-clusters'] ?? [])])],
    workspace: jobWorkspace(),
    confined: !isInput('metrics', sources),
    address: address && { value: address, source, isInput: isInput('metrics-address', sources) },
    headers: values['metrics-headers'] ?? {},
    place: places.get('metrics') ?? (() => sources.get('metrics') ?? inputPlace('metrics')),
  });
}

/** Whether a value comes from an input, rather than from the release file. */
function isInput(name: InputName, sources: Sources): boolean {
  return (sources.get(name) ?? inputPlace(name)) === inputPlace(name);
}

function appliesWeights({ operation }: Inputs, sources: Sources): boolean {
  return !WITHOUT_FILE_WEIGHTS.includes(operation) || isInput('weights', sources);
}

/**
 * The weights without the versions that have no clusters. Those are at 0: `next-weights` includes them while a route still does.
 * Left out, they stay at 0 in that route, and no subset is created for them.
 */
function placedWeights({ weights, clusters: { byVersion } }: Inputs): Inputs['weights'] {
  if (weights === undefined || byVersion.size === 0) return weights;
  return new Map([...weights].filter(([version]) => byVersion.has(version)));
}

function build(
  values: Inputs,
  images: ReadonlyMap<VersionName, string>,
  manifests: readonly Manifest[] | undefined,
  metrics: readonly MetricSpec[],
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
      pods: values.pods,
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
      httpRoute: values['http-route'],
      gateway: values.gateway?.gateway,
      gatewayApi: values.gateway?.api,
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
      watchMs: values.watch,
      maxErrorRate: values['max-error-rate'] / 100,
      maxLatencyIncrease: fraction(values['max-latency-increase']),
      ingress: ingressesOf(values.ingress, [...clusters, ...configClusters]),
      propagationMs: values['propagation-time'],
    },
    metrics,
    onFailure: values['on-failure'],
  };
}

/** The ingress of each cluster: its own entry, or else the one for every cluster. */
function ingressesOf(
  given: ReadonlyMap<string, string>,
  clusters: readonly ClusterName[],
): ReadonlyMap<ClusterName, string> {
  const every = given.get(EVERY_CLUSTER);
  const ownEntries = [...given].filter(([name]) => name !== EVERY_CLUSTER);
  return new Map([
    ...(every === undefined ? [] : clusters.map((name) => [name, every] as const)),
    ...ownEntries,
  ]);
}

const MOST_NAMED = 20;

/** `a, b`; of many the first ones */
function firstOf(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}

function checkContexts(values: Partial<Inputs>, contexts: readonly string[], report: Report): void {
  const known = new Set(contexts);
  const unknown = (input: InputName, names: readonly string[]): void => {
    const wrong = names.filter((name) => !known.has(name));
    for (const name of wrong.slice(0, MOST_NAMED))
      report(input, `got "${name}", which is not a context; the kubeconfig contains ${firstOf(contexts)}.`);
    if (wrong.length > MOST_NAMED)
      report(input, `${String(wrong.length - MOST_NAMED)} more names are not contexts either.`);
  };
  unknown('clusters', values.clusters?.clusters ?? []);
  unknown('config-clusters', values['config-clusters'] ?? []);
  unknown('insecure-clusters', values['insecure-clusters'] ?? []);
  const named = [...(values.clusters?.clusters ?? []), ...(values['config-clusters'] ?? [])];
  const clusters = new Set(named);
  for (const name of values.ingress?.keys() ?? []) {
    if (values.clusters !== undefined && !clusters.has(name) && name !== EVERY_CLUSTER) {
      report(
        'ingress',
        `got "${name}", which is not one of the clusters; expected one of ${firstOf(named)}.`,
      );
    }
  }
}

function imagesOf(values: Partial<Inputs>, report: Report): ReadonlyMap<VersionName, string> {
  const { image, version } = values;
  if (image === undefined) return new Map();
  if (typeof image !== 'string') return image;
  if (version === undefined) {
    report('image', `got "${image}" without a version; set ${theInput('version')}, or write version=image.`);
    return new Map();
  }
  return new Map([[version, image]]);
}

function checkVersions(
  values: Partial<Inputs>,
  images: ReadonlyMap<VersionName, string>,
  report: Report,
): void {
  const placed = [...(values.clusters?.byVersion.keys() ?? [])];
  if (placed.length === 0) return;
  const unknown = (input: InputName, names: Iterable<VersionName>): void => {
    for (const name of names) {
      if (!placed.includes(name)) {
        report(
          input,
          `got version "${name}", which has no clusters; ${theInput('clusters')} lists ${firstOf(placed)}. Add its clusters there.`,
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

function checkChoices(values: Partial<Inputs>, report: Report): void {
  if (values.manifests !== undefined && values.version === undefined) {
    report('manifests', `these belong to one version; set ${theInput('version')} too.`);
  }
  if (values.steps !== undefined && values.steps.length > 0 && values.version === undefined) {
    report('steps', `these are weights of the version being released; set ${theInput('version')} too.`);
  }
  if (values['http-route'] !== undefined && values['virtual-service'] !== undefined) {
    report(
      'http-route',
      `got "${values['http-route']}" beside ${theInput('virtual-service')}; one kind of route holds the weights, so set only one of the two.`,
    );
  }
  if (values['http-route'] !== undefined && values.gateway?.api === 'istio') {
    report(
      'gateway',
      `got "istio:${values.gateway.gateway}", to which no HTTPRoute attaches; name a Gateway of the Gateway API, or omit ${theInput('http-route')}.`,
    );
  }
  const { pods, injection } = values;
  if (pods !== undefined && pods !== 'sidecar' && injection !== undefined && injection !== 'off') {
    report(
      'injection',
      `got "${injection}", which gives the pods sidecars, but ${theInput('pods')} is ${pods}; omit one of the two.`,
    );
  }
  const { steps, 'promote-to': goal } = values;
  // Steps that could not be read have been reported.
  if (goal !== undefined && steps?.includes(goal) === false) {
    report(
      'promote-to',
      steps.length === 0
        ? `got "${String(goal)}", but there are no steps; set ${theInput('steps')} too.`
        : `got "${String(goal)}", which is not one of the steps; expected one of ${steps.join(', ')}.`,
    );
  }
}

const fraction = (percent: number | undefined): number | undefined =>
  percent === undefined ? undefined : percent / 100;
