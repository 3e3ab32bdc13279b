import type { RouteChoice } from '../core/route-target.ts';
import { versionServiceName } from '../gateway-api/backends.ts';
import { selects } from '../kubernetes/objects.ts';
import type { Labels, Service, Subset } from '../kubernetes/objects.ts';
import type { VersionName } from '../core/weights.ts';
import { namedVersions } from './release.ts';
import type { Release } from './release.ts';
import { selectorOfService } from './service-port.ts';
import type { ClusterState, FleetState } from './state.ts';
import { VERSION_LABEL } from './version-label.ts';

/** What was found for a fleet that was read, and a release: many ask, for each cluster and for each rule. Neither is ever modified. */
const known = new WeakMap<FleetState, WeakMap<Release, ReadonlyMap<string, VersionName>>>();

/**
 * The Services that each lead to the pods of one version, by name: `APP-VERSION`, which select by more than Service APP does. Those of
 * all clusters count, since a route may name one that its own cluster lacks; and those that no cluster has yet, of known versions.
 */
export function versionServices(release: Release, fleet: FleetState): ReadonlyMap<string, VersionName> {
  const ofFleet = known.get(fleet) ?? new WeakMap<Release, ReadonlyMap<string, VersionName>>();
  known.set(fleet, ofFleet);
  const found = ofFleet.get(release) ?? findVersionServices(release, fleet);
  ofFleet.set(release, found);
  return found;
}

function findVersionServices(release: Release, fleet: FleetState): ReadonlyMap<string, VersionName> {
  const states = [...fleet.values()];
  const existing = new Set(states.flatMap(listedServices).map(({ metadata }) => metadata.name));
  const missing = knownVersions(release, states)
    .map((version) => [versionServiceName(release.app, version), version] as const)
    .filter(([name]) => !existing.has(name));
  const found = states.flatMap((state) =>
    listedServices(state).flatMap((service) => {
      const version = versionOfService(release, state, service);
      return version === undefined ? [] : [[service.metadata.name, version] as const];
    }),
  );
  return new Map([...missing, ...found]);
}

/** Every route to the service or one of its versions, whichever are managed. */
export function everyRoute(release: Release, fleet: FleetState): RouteChoice {
  return { service: release, routes: undefined, versionServices: versionServices(release, fleet) };
}

/** The versions that the inputs name, and those of the app's pods. */
function knownVersions(release: Release, states: readonly ClusterState[]): readonly VersionName[] {
  const running = states.flatMap((state) => {
    const selector = selectorOfService(release, state);
    return state.pods
      .filter(({ metadata }) => selects(selector, metadata.labels))
      .flatMap(({ metadata }) => metadata.labels?.[VERSION_LABEL] ?? []);
  });
  return [...namedVersions(release), ...running];
}

/** The version that a Service leads to; undefined where it leads to another app, or to every version. */
function versionOfService(
  release: Release,
  state: ClusterState,
  { metadata, spec }: Service,
): VersionName | undefined {
  const prefix = versionServiceName(release.app, '');
  const isNamed = metadata.name.startsWith(prefix) && metadata.name.length > prefix.length;
  if (!isNamed || spec?.selector === undefined) return undefined;
  const shared = selectorOfService(release, state);
  const isNarrower =
    selects(shared, spec.selector) && Object.keys(spec.selector).length > Object.keys(shared).length;
  return isNarrower ? metadata.name.slice(prefix.length) : undefined;
}

/** The Service of a version in one cluster. */
export function serviceOfVersion(
  { app }: Pick<Release, 'app'>,
  state: ClusterState,
  version: VersionName,
): Service | undefined {
  return listedServices(state).find(({ metadata }) => metadata.name === versionServiceName(app, version));
}

/** The versions that Services lead to in a cluster, as the subsets that they amount to: by what each selects beside Service APP. */
export function subsetsOfServices(release: Release, state: ClusterState): readonly Subset[] {
  const shared = selectorOfService(release, state);
  return listedServices(state).flatMap((service) => {
    const name = versionOfService(release, state, service);
    return name === undefined ? [] : [{ name, labels: beside(service.spec?.selector ?? {}, shared) }];
  });
}

function beside(selector: Labels, shared: Labels): Labels {
  return Object.fromEntries(Object.entries(selector).filter(([key]) => shared[key] === undefined));
}

/** The Services of the namespace other than the app's, as far as they may be listed. */
export function listedServices({ otherServices = [] }: ClusterState): readonly Service[] {
  return otherServices === 'unlisted' ? [] : otherServices;
}
