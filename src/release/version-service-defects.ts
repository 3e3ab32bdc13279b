import { versionServiceName } from '../gateway-api/backends.ts';
import type { ClusterShare, ElsewhereService } from '../texts/catalogue/findings.ts';
import { isHttpRoute } from '../gateway-api/objects.ts';
import { nameOf, selects } from '../kubernetes/objects.ts';
import type { Labels, Pod } from '../kubernetes/objects.ts';
import { formatLabels } from '../kubernetes/pod-selection.ts';
import { isReady } from '../kubernetes/pods.ts';
import type { ClusterName } from '../core/names.ts';
import type { VersionName } from '../core/weights.ts';
import type { Observation } from './observation.ts';
import type { RouteDefect } from './route-defect.ts';
import type { RouteState } from './route-state.ts';
import type { ClusterState } from './state.ts';
import { serviceOfVersion } from './version-services.ts';
import { VERSION_LABEL } from './version-label.ts';

/** What is wrong with the Service of one version. */
interface ServiceDefect {
  readonly defect: readonly RouteDefect[];
  /** The clusters that lack the Service. */
  readonly missingIn: readonly ClusterName[];
}

/** What a version's Service selects in a cluster. */
interface Selected {
  readonly cluster: ClusterName;
  readonly selector: Labels;
  readonly pods: readonly Pod[];
}

/** Services of versions with weight in an HTTPRoute that are missing, or do not lead to the version's pods. */
export function versionServiceDefects({
  release,
  fleet,
  routes,
}: Pick<Observation, 'release' | 'fleet' | 'routes'>): readonly ServiceDefect[] {
  const served = routes.filter(({ object }) => object !== undefined && isHttpRoute(object));
  const versions = new Set(served.flatMap(({ weights }) => [...(weights?.keys() ?? [])]));
  const states = [...fleet.values()].filter(({ otherServices }) => otherServices !== 'unlisted');
  return [...versions].flatMap((version) => {
    const shares = sharesOf(served, version);
    if (shares.length === 0 || states.length === 0) return [];
    const name = `Service ${release.namespace}/${versionServiceName(release.app, version)}`;
    const missingIn = states
      .filter((state) => serviceOfVersion(release, state, version) === undefined)
      .map((state) => state.name);
    const asked = { version, shares, name, versions };
    const isListed = states.length === fleet.size;
    const found = states.flatMap((state) => selectedIn(state, serviceOfVersion(release, state, version)));
    const elsewhere = elsewhereOf(found, isListed);
    const configured = missingIn.some((cluster) => release.configClusters.includes(cluster));
    return [
      {
        missingIn,
        defect: [
          ...(missingIn.length === 0 ? [] : [missing(asked, missingIn, { elsewhere, configured })]),
          ...foreignPods(release.app, asked, found),
          // Of clusters that cannot be read, the pods are not known.
          ...(found.length === 0 || !isListed ? [] : unready(asked, found)),
        ],
      },
    ];
  });
}

interface Asked {
  readonly version: VersionName;
  readonly shares: readonly ClusterShare[];
  /** Of its Service. */
  readonly name: string;
  /** All that the routes name. */
  readonly versions: ReadonlySet<VersionName>;
}

function selectedIn(
  { name, pods }: ClusterState,
  service: ReturnType<typeof serviceOfVersion>,
): readonly Selected[] {
  if (service === undefined) return [];
  const selector = service.spec?.selector ?? {};
  const isEmpty = Object.keys(selector).length === 0;
  return [
    {
      cluster: name,
      selector,
      pods: isEmpty ? [] : pods.filter(({ metadata }) => selects(selector, metadata.labels)),
    },
  ];
}

/** What the routes give to a version: by cluster where they differ; empty where none gives it anything. */
function sharesOf(served: readonly RouteState[], version: VersionName): readonly ClusterShare[] {
  const each = served.map(({ cluster, weights }) => ({ cluster, weight: weights?.get(version) ?? 0 }));
  if (each.every(({ weight }) => weight === 0)) return [];
  const [first] = each;
  return first !== undefined && each.every(({ weight }) => weight === first.weight)
    ? [{ cluster: undefined, weight: first.weight }]
    : each;
}

/** A Service that exists nowhere costs its share status 500, which still carries its mark; one without ready pods 503. */
function elsewhereOf(found: readonly Selected[], isListed: boolean): ElsewhereService {
  if (found.some(({ pods }) => pods.some(isReady))) return 'answers';
  if (!isListed) return 'unknown';
  return found.length === 0 ? 'missing' : 'unready';
}

function missing(
  { version, shares, name }: Asked,
  clusters: readonly ClusterName[],
  effect: { readonly elsewhere: ElsewhereService; readonly configured: boolean },
): RouteDefect {
  return {
    title: { kind: 'serviceMissingTitle', service: name, clusters },
    detail: { kind: 'serviceMissing', version, shares, ...effect },
  };
}

/** Pods that carry another version of the route in their label. */
function foreignPods(
  app: string,
  { version, versions }: Asked,
  found: readonly Selected[],
): readonly RouteDefect[] {
  const wrong = found.flatMap(({ cluster, selector, pods }) =>
    pods.filter(isReady).flatMap(({ metadata }) => {
      const label = metadata.labels?.[VERSION_LABEL];
      return label === undefined || label === version || !versions.has(label)
        ? []
        : [{ cluster, selector, label }];
    }),
  );
  const [first] = wrong;
  if (first === undefined) return [];
  const labels = [...new Set(wrong.map(({ label }) => label))];
  const clusters = [...new Set(wrong.map(({ cluster }) => cluster))];
  const service = `Service ${versionServiceName(app, version)}`;
  return [
    {
      title: { kind: 'foreignPodsTitle', service, labels },
      detail: {
        kind: 'foreignPods',
        clusters,
        selector: formatLabels(first.selector),
        label: `${VERSION_LABEL}=${first.label}`,
        version,
        service,
      },
    },
  ];
}

/** No cluster has a ready pod behind the Service: its share gets status 503. */
function unready({ version, shares, name }: Asked, found: readonly Selected[]): readonly RouteDefect[] {
  const pods = found.flatMap((one) => one.pods);
  if (pods.some(isReady)) return [];
  const places = Map.groupBy(found, ({ selector }) => formatLabels(selector));
  const selected = [...places].map(([labels, same]) => ({
    labels,
    clusters: same.map(({ cluster }) => cluster),
  }));
  return [
    {
      title: { kind: 'notReadyTitle', version },
      detail: {
        kind: 'serviceNotReady',
        version,
        shares,
        service: name,
        selected,
        pods: pods.map((pod) => nameOf({ ...pod, kind: 'Pod' })),
      },
    },
  ];
}
