import { compareTexts } from '../core/compare-texts.ts';
import { ANY, fullHost, hostCovers, isHostOf } from './hosts.ts';
import type { ServiceKey } from '../core/names.ts';
import { MESH } from './virtual-services.ts';
import { isDeepStrictEqual } from 'node:util';
import { keepsRulesPrivate } from './mesh-config.ts';
import type { MeshConfig } from './mesh-config.ts';
import type { DestinationRule, Labels, Subset, VirtualService } from '../kubernetes/objects.ts';
import type { Client, TrafficState } from './traffic-state.ts';

/**
 * The DestinationRules that decide for a service and one client.
 * Source: `PushContext.destinationRule`, `mergeDestinationRule` and `SidecarScope.DestinationRule` of Istio 1.31.
 */
export interface Deciding {
  /** Those that Istio merges into one, in the order in which they win; empty where there is none. */
  readonly rules: readonly DestinationRule[];
  /** The subsets of all of them; of two with the same name Istio takes the first. */
  readonly subsets: readonly Subset[];
  /** The policy of the whole service: the first that any of them has. */
  readonly policy: DestinationRule['spec']['trafficPolicy'];
}

/**
 * The DestinationRules that decide for a service where a client calls it. Istio looks in the client's namespace, in that of the
 * service, and in the root namespace; the first that has any decides alone, and in it those of the narrowest host. Rules of the client's
 * namespace that select other workloads count as well: then none decides.
 *
 * @param rules those of all namespaces, as far as they may be read
 * @param client undefined: one in a namespace that has no rules itself and is named by none
 */
export function decidingRules(
  service: ServiceKey,
  rules: readonly DestinationRule[],
  client: Client | undefined,
  mesh: MeshConfig,
): Deciding {
  const local = localRules(service, rules, client, mesh);
  if (local.length > 0) return mergedOf(decidingOf(local, client)?.rules ?? []);
  const exported = (namespace: string): Group | undefined =>
    decidingOf(
      narrowestOf(
        service,
        rules.filter((rule) => rule.metadata.namespace === namespace && !isPrivate(rule, mesh)),
      ),
      client,
    );
  return mergedOf((exported(service.namespace) ?? exported(mesh.rootNamespace))?.rules ?? []);
}

/** The rules of the client's own namespace for the service: where there are any, Istio follows no others. */
export function localRules(
  service: ServiceKey,
  rules: readonly DestinationRule[],
  client: Client | undefined,
  mesh: MeshConfig,
): readonly DestinationRule[] {
  // The gateways often run in the root namespace: only what is private to it holds for them before the service's own rules.
  const holds = (rule: DestinationRule): boolean =>
    client?.namespace === mesh.rootNamespace ? isPrivate(rule, mesh) : isForItself(rule);
  return narrowestOf(
    service,
    rules.filter((rule) => rule.metadata.namespace === client?.namespace && holds(rule)),
  );
}

/** Whether a rule is for the service alone, and not for many. */
export function isForService(service: ServiceKey, { spec, metadata }: DestinationRule): boolean {
  return isHostOf(service, spec.host, metadata.namespace);
}

/** Whether a rule holds for the service, alone or among many. */
export function coversService(service: ServiceKey, rule: DestinationRule): boolean {
  return isForService(service, rule) || coversByPattern(service, rule);
}

/** The oldest first, which wins in Istio; of the same age by name. One that is yet to be made is the youngest. */
export function byAge({ metadata: a }: DestinationRule, { metadata: b }: DestinationRule): number {
  const [first, second] = [ageOf(a), ageOf(b)];
  return first === second ? compareTexts(a.name, b.name) : compareTexts(first, second);
}

function ageOf({ creationTimestamp: created }: DestinationRule['metadata']): string {
  return typeof created === 'string' ? created : '~';
}

function coversByPattern(service: ServiceKey, { spec: { host } }: DestinationRule): boolean {
  return host.startsWith(ANY) && hostCovers(host, fullHost(service));
}

/** Whether a rule holds for all clients of its namespace, and not for some workloads of it alone. */
export function isForAll(rule: DestinationRule): boolean {
  return selectorOf(rule) === undefined;
}

function selectorOf({ spec }: DestinationRule): Labels | undefined {
  const selector = spec.workloadSelector ?? undefined;
  return selector && (selector.matchLabels ?? {});
}

/**
 * The clients of the service as far as they may matter to which rules decide, the gateways first. Any other is like `undefined`.
 *
 * @param virtualServices those of the release: sidecars are clients where one of them serves the mesh
 */
export function clientsOf(
  service: ServiceKey,
  { everywhere, gatewayClients }: TrafficState,
  virtualServices: readonly VirtualService[],
): readonly (Client | undefined)[] {
  const covering = everywhere.destinationRules.filter((rule) => coversService(service, rule));
  const local = new Set([service.namespace, ...covering.map(({ metadata }) => metadata.namespace ?? '')]);
  const mesh = virtualServices.some(
    ({ spec: { gateways = [] } }) => gateways.length === 0 || gateways.includes(MESH),
  );
  const sidecars = [...[...local].map((namespace) => ({ namespace, labels: {} })), undefined];
  return [...(gatewayClients ?? [undefined]), ...(mesh ? sidecars : [])];
}

/** Whether the rules of the service may hold for some clients and not for others. */
export function dependsOnClient(
  service: ServiceKey,
  rules: readonly DestinationRule[],
  mesh: MeshConfig,
): boolean {
  return (
    keepsRulesPrivate(mesh) ||
    rules.some(
      (rule) =>
        coversService(service, rule) &&
        (rule.metadata.namespace !== service.namespace || exportsOf(rule).length > 0 || !isForAll(rule)),
    )
  );
}

/** The namespaces to which a rule is exported; none: what the mesh does by default. */
export function exportsOf({ spec }: DestinationRule): readonly string[] {
  const { exportTo } = spec;
  return Array.isArray(exportTo) ? exportTo.filter((one) => typeof one === 'string') : [];
}

/** A rule with a selector never holds outside its namespace. */
function isPrivate(rule: DestinationRule, mesh: MeshConfig): boolean {
  const [only, ...others] = exportsOf(rule);
  if (only === undefined && keepsRulesPrivate(mesh)) return true;
  const named = only !== undefined && others.length === 0;
  return !isForAll(rule) || (named && (only === '.' || only === rule.metadata.namespace));
}

function isForItself(rule: DestinationRule): boolean {
  const to = exportsOf(rule);
  return to.length === 0 || ['*', '.', rule.metadata.namespace ?? ''].some((name) => to.includes(name));
}

/** Of some rules those that cover the service by the narrowest host. */
function narrowestOf(service: ServiceKey, rules: readonly DestinationRule[]): readonly DestinationRule[] {
  const exact = rules.filter((rule) => isForService(service, rule));
  if (exact.length > 0) return exact;
  const wide = rules.filter((rule) => coversByPattern(service, rule));
  const longest = Math.max(0, ...wide.map(({ spec }) => spec.host.length));
  return wide.filter(({ spec }) => spec.host.length === longest);
}

/** Rules that are merged, the namespaces to which the whole is exported, and the workloads that it is for. */
interface Group {
  readonly rules: readonly DestinationRule[];
  readonly to: ReadonlySet<string>;
  readonly selector: Labels | undefined;
}

/** Of several that were not merged the one that selects the client, else the last of those for all. */
function decidingOf(rules: readonly DestinationRule[], client: Client | undefined): Group | undefined {
  const groups = groupsOf(rules);
  return (
    groups.find(
      ({ selector }) =>
        selector !== undefined &&
        Object.entries(selector).every(([key, value]) => client?.labels[key] === value),
    ) ?? groups.findLast((group) => group.selector === undefined && isFor(group, client))
  );
}

function isFor({ rules, to }: Group, client: Client | undefined): boolean {
  if (to.size === 0 || to.has('*')) return true;
  if (client === undefined) return false;
  return to.has(client.namespace) || (to.has('.') && rules[0]?.metadata.namespace === client.namespace);
}

/**
 * Rules whose exports or selectors differ stay apart, those with a selector first. One that is exported further adds what it has to
 * those that are exported less far.
 */
function groupsOf(rules: readonly DestinationRule[]): readonly Group[] {
  const ordered = rules.toSorted((a, b) => Number(isForAll(a)) - Number(isForAll(b)) || byAge(a, b));
  return ordered.reduce<readonly Group[]>((groups, rule) => {
    const selector = selectorOf(rule);
    const to = new Set(selector === undefined ? exportsOf(rule) : ['.']);
    const isSame = (group: Group): boolean => group.to.size === to.size && to.isSupersetOf(group.to);
    const joins = (group: Group): boolean =>
      (isSame(group) || (group.to.size > 0 && to.isSupersetOf(group.to))) &&
      (selector === undefined || group.selector === undefined || isDeepStrictEqual(selector, group.selector));
    const joined = groups.map((group) =>
      joins(group) ? { ...group, rules: [...group.rules, rule] } : group,
    );
    const last = groups.at(-1);
    const absorbed =
      last !== undefined &&
      joins(last) &&
      (isSame(last) || (selector === undefined) === (last.selector === undefined));
    return absorbed ? joined : [...joined, { rules: [rule], to, selector }];
  }, []);
}

function mergedOf(rules: readonly DestinationRule[]): Deciding {
  const subsets = new Map<string, Subset>();
  for (const subset of rules.flatMap(({ spec }) => spec.subsets ?? []))
    if (!subsets.has(subset.name)) subsets.set(subset.name, subset);
  const policy = rules.map(({ spec }) => spec.trafficPolicy).find((found) => found !== undefined);
  return { rules, subsets: [...subsets.values()], policy };
}

/** The `tls.mode` of a traffic policy; undefined where it has none. */
export function tlsModeIn(policy: unknown): string | undefined {
  if (typeof policy !== 'object' || policy === null || !('tls' in policy)) return undefined;
  const { tls } = policy;
  if (typeof tls !== 'object' || tls === null || !('mode' in tls)) return undefined;
  return typeof tls.mode === 'string' ? tls.mode : undefined;
}
