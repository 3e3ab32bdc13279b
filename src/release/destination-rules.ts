import type { DestinationRule, Subset, VirtualService } from './objects.ts';
import { isHostOf } from './routes.ts';
import type { ServiceKey } from './routes.ts';
import type { TrafficState } from './state.ts';

/** Where a mesh keeps what holds for all of it, unless its configuration names another namespace (`rootNamespace`). */
export const ROOT_NAMESPACE = 'istio-system';

/**
 * The DestinationRules that decide for a service and the clients of one namespace.
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
 * The DestinationRules that decide for a service where a client of a namespace calls it. Istio looks in the client's namespace, in
 * that of the service, and in the root namespace; the first that has any decides alone, and in it those of the narrowest host.
 *
 * @param rules those of all namespaces, as far as they may be read
 * @param client the namespace of the client; undefined: any that has no rules itself and is named by none
 */
export function decidingRules(
  service: ServiceKey,
  rules: readonly DestinationRule[],
  client: string | undefined,
): Deciding {
  const ordered = rules.filter((rule) => isForAll(rule)).toSorted(byAge);
  const within = (
    namespace: string | undefined,
    pool: (rule: DestinationRule) => boolean,
  ): Deciding | undefined =>
    decided(
      service,
      ordered.filter((rule) => rule.metadata.namespace === namespace && pool(rule)),
      client,
    );
  const exported = (rule: DestinationRule): boolean => !isPrivate(rule);
  // The gateways often run in the root namespace: only what is private to it holds for them before the service's own rules.
  const local = client === ROOT_NAMESPACE ? isPrivate : isForItself;
  return (
    (client === undefined ? undefined : within(client, local)) ??
    within(service.namespace, exported) ??
    within(ROOT_NAMESPACE, exported) ??
    mergedOf([])
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
  return first === second ? compare(a.name, b.name) : compare(first, second);
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function ageOf({ creationTimestamp: created }: DestinationRule['metadata']): string {
  return typeof created === 'string' ? created : '~';
}

function coversByPattern({ app, namespace }: ServiceKey, { spec }: DestinationRule): boolean {
  return spec.host.startsWith('*') && `${app}.${namespace}.svc.cluster.local`.endsWith(spec.host.slice(1));
}

/** Whether a rule holds for all clients of its namespace, and not for some workloads of it alone. */
export function isForAll({ spec }: DestinationRule): boolean {
  return (spec['workloadSelector'] ?? undefined) === undefined;
}

/**
 * The namespaces of the service's clients as far as they may matter to which rules decide, the gateways' first. Any other
 * namespace is like `undefined`.
 *
 * @param virtualServices those of the release: sidecars are clients where one of them serves the mesh
 */
export function clientsOf(
  service: ServiceKey,
  { everywhere, clientNamespaces }: TrafficState,
  virtualServices: readonly VirtualService[],
): readonly (string | undefined)[] {
  const covering = everywhere.destinationRules.filter((rule) => coversService(service, rule));
  const local = [...new Set(covering.map(({ metadata }) => metadata.namespace))];
  const mesh = virtualServices.some(
    ({ spec: { gateways = [] } }) => gateways.length === 0 || gateways.includes('mesh'),
  );
  const gateways: readonly (string | undefined)[] = clientNamespaces ?? [undefined];
  return [...new Set([...gateways, ...(mesh ? [service.namespace, ...local, undefined] : [])])];
}

/** Whether the rules of the service may hold for some clients and not for others. */
export function dependsOnClient(service: ServiceKey, rules: readonly DestinationRule[]): boolean {
  return rules.some(
    (rule) =>
      coversService(service, rule) &&
      (rule.metadata.namespace !== service.namespace || exportsOf(rule).length > 0),
  );
}

/** The namespaces to which a rule is exported; none: all. */
export function exportsOf({ spec }: DestinationRule): readonly string[] {
  const { exportTo } = spec;
  return Array.isArray(exportTo) ? exportTo.filter((one) => typeof one === 'string') : [];
}

function isPrivate(rule: DestinationRule): boolean {
  const [only, ...others] = exportsOf(rule);
  return only !== undefined && others.length === 0 && (only === '.' || only === rule.metadata.namespace);
}

function isForItself(rule: DestinationRule): boolean {
  const to = exportsOf(rule);
  return to.length === 0 || ['*', '.', rule.metadata.namespace ?? ''].some((name) => to.includes(name));
}

/** Rules that are merged, and the namespaces to which the whole is exported. */
interface Group {
  readonly rules: readonly DestinationRule[];
  readonly to: ReadonlySet<string>;
}

function decided(
  service: ServiceKey,
  rules: readonly DestinationRule[],
  client: string | undefined,
): Deciding | undefined {
  const exact = rules.filter((rule) => isForService(service, rule));
  const wide = rules.filter((rule) => coversByPattern(service, rule));
  const longest = Math.max(0, ...wide.map(({ spec }) => spec.host.length));
  const narrowest = exact.length > 0 ? exact : wide.filter(({ spec }) => spec.host.length === longest);
  // Of several that were not merged the last one counts.
  const group = groupsOf(narrowest).findLast(
    ({ rules: [first], to }) => first !== undefined && isFor(first, to, client),
  );
  return group && mergedOf(group.rules);
}

function isFor({ metadata }: DestinationRule, to: ReadonlySet<string>, client: string | undefined): boolean {
  if (to.size === 0 || to.has('*')) return true;
  return client !== undefined && (to.has(client) || (to.has('.') && metadata.namespace === client));
}

/** Rules whose exports differ stay apart; one that is exported further adds what it has to those that are exported less far. */
function groupsOf(rules: readonly DestinationRule[]): readonly Group[] {
  return rules.reduce<readonly Group[]>((groups, rule) => {
    const to = new Set(exportsOf(rule));
    const joins = ({ to: existing }: Group): boolean =>
      (existing.size === to.size && to.isSupersetOf(existing)) ||
      (existing.size > 0 && to.isSupersetOf(existing));
    const joined = groups.map((group) =>
      joins(group) ? { ...group, rules: [...group.rules, rule] } : group,
    );
    const last = groups.at(-1);
    return last !== undefined && joins(last) ? joined : [...joined, { rules: [rule], to }];
  }, []);
}

function mergedOf(rules: readonly DestinationRule[]): Deciding {
  const subsets = new Map<string, Subset>();
  for (const subset of rules.flatMap(({ spec }) => spec.subsets ?? []))
    if (!subsets.has(subset.name)) subsets.set(subset.name, subset);
  const policy = rules.map(({ spec }) => spec.trafficPolicy).find((found) => found !== undefined);
  return { rules, subsets: [...subsets.values()], policy };
}
