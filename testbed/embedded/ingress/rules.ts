import type { KubeObject } from '../api/objects.ts';
import { matchesLabels, type Labels } from '../api/selectors.ts';
import { at, isObject, objectsAt, same, textAt, textsAt, type JsonObject } from '../json.ts';
import { covers, fullHost, serviceOf } from '../hosts.ts';
import { byAge } from './age.ts';
import { exportTo } from './export.ts';
import type { MeshConfig } from './mesh-config.ts';

/** A gateway as rules may select it. */
interface Client {
  readonly namespace: string;
  /** Those of its pods. */
  readonly labels: Labels;
}

/** How istiod merges the DestinationRules of one host in one namespace. */
export interface Rule {
  readonly subsets: readonly JsonObject[];
  readonly trafficPolicy: JsonObject;
}

interface Consolidated {
  /** Absent until a rule sets one: the first decides. */
  policy: JsonObject | undefined;
  readonly exportTo: ReadonlySet<string>;
  readonly selector: Labels | undefined;
  readonly subsets: JsonObject[];
}

type ByHost = Map<string, Consolidated[]>;

/**
 * The DestinationRules of a control plane as a gateway sees them, by the rules of istiod 1.31
 * (`PushContext.setDestinationRules` and `destinationRule`, `mergeDestinationRule`): one of its own namespace comes first, of the
 * root namespace only a private one; then the exported ones of the service's namespace, then those of the root namespace.
 */
export class DestinationRules {
  readonly #client: Client;
  readonly #mesh: MeshConfig;
  readonly #local: ByHost = new Map();
  readonly #exported = new Map<string, ByHost>();

  constructor(rules: readonly KubeObject[], client: Client, mesh: MeshConfig) {
    this.#client = client;
    this.#mesh = mesh;
    const sorted = rules.toSorted(byAge);
    const isSelective = (rule: KubeObject): boolean => selectorOf(rule) !== undefined;
    for (const rule of [...sorted.filter(isSelective), ...sorted.filter((each) => !isSelective(each))]) {
      this.#add(rule);
    }
  }

  /** @param host a full host: a service, or the host of another registry */
  of(host: string): Rule {
    const namespaces = [serviceOf(host)?.namespace, this.#mesh.rootNamespace];
    const found =
      mostSpecific(this.#local, host) ??
      namespaces
        .map((namespace) => this.#exportedBy(namespace ?? '', host))
        .find((candidates) => candidates.length > 0) ??
      [];
    const chosen =
      found.find(({ selector }) => selector !== undefined && matchesLabels(selector, this.#client.labels)) ??
      found.findLast(({ selector }) => selector === undefined);
    return { subsets: chosen?.subsets ?? [], trafficPolicy: chosen?.policy ?? {} };
  }

  /** A host's most specific rules decide, even if none of them is exported to the gateway. */
  #exportedBy(namespace: string, host: string): Consolidated[] {
    const found =
      mostSpecific(this.#exported.get(namespace) ?? new Map<string, Consolidated[]>(), host) ?? [];
    const { namespace: own } = this.#client;
    return found.filter(
      ({ exportTo: to }) => to.size === 0 || to.has('*') || to.has(own) || (to.has('.') && namespace === own),
    );
  }

  #add(rule: KubeObject): void {
    const { namespace = '' } = rule.metadata;
    // A rule with a workload selector is never exported.
    const to = selectorOf(rule) === undefined ? exportTo(rule) : new Set(['.']);
    const isPrivate =
      to.size === 0 ? this.#mesh.ruleExportTo.has('.') : to.size === 1 && (to.has('.') || to.has(namespace));
    const isForItself = to.size === 0 || ['*', '.', namespace].some((each) => to.has(each));
    const isLocal = namespace === this.#mesh.rootNamespace ? isPrivate : isForItself;
    if (namespace === this.#client.namespace && isLocal) merge(this.#local, rule, to);
    if (isPrivate) return;
    const byHost: ByHost = this.#exported.get(namespace) ?? new Map<string, Consolidated[]>();
    this.#exported.set(namespace, byHost);
    merge(byHost, rule, to);
  }
}

function selectorOf(rule: KubeObject): Labels | undefined {
  return isObject(at(rule, 'spec', 'workloadSelector'))
    ? textsAt(rule, 'spec', 'workloadSelector', 'matchLabels')
    : undefined;
}

/** Merges a rule into those of its host with the same exports, or adds it beside them. */
function merge(byHost: ByHost, rule: KubeObject, to: ReadonlySet<string>): void {
  const host = fullHost(textAt(rule, 'spec', 'host') ?? '', rule.metadata.namespace ?? '');
  const selector = selectorOf(rule);
  const subsets = objectsAt(rule, 'spec', 'subsets');
  const policy = at(rule, 'spec', 'trafficPolicy');
  const present = byHost.get(host) ?? [];
  byHost.set(host, present);
  let separate = true;
  for (const each of present) {
    const isAlike = each.exportTo.size === to.size && to.isSupersetOf(each.exportTo);
    separate = !isAlike;
    if (!isAlike && (each.exportTo.size === 0 || !to.isSupersetOf(each.exportTo))) continue;
    const isSelectedAlike = same(each.selector, selector);
    if (each.selector !== undefined && selector !== undefined && !isSelectedAlike) {
      separate = true;
      continue;
    }
    if (isSelectedAlike) separate = false;
    const names = new Set(each.subsets.map(({ name }) => name));
    each.subsets.push(...subsets.filter(({ name }) => !names.has(name)));
    if (isObject(policy)) each.policy ??= policy;
  }
  if (separate) {
    present.push({
      policy: isObject(policy) ? policy : undefined,
      exportTo: to,
      selector,
      subsets: [...subsets],
    });
  }
}

/** The rules of the host itself, or else of the longest pattern that covers it. */
function mostSpecific(byHost: ByHost, host: string): Consolidated[] | undefined {
  const patterns = [...byHost.keys()].filter((pattern) => pattern !== host && covers(pattern, host));
  const best = byHost.has(host) ? host : patterns.sort((left, right) => right.length - left.length)[0];
  return best === undefined ? undefined : byHost.get(best);
}
