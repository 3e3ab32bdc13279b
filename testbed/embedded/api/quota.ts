import { objectAt, textAt } from '../json.ts';
import { KINDS, POD, qualifiedResource, RESOURCE_QUOTA, type Kind } from './kinds.ts';
import type { KubeObject } from './objects.ts';
import type { Store } from './store.ts';

/** The names under which a quota counts the objects of a kind. */
function countedAs(kind: Kind): string[] {
  const names = [`count/${qualifiedResource(kind)}`];
  return kind.group === '' ? [...names, kind.plural] : names;
}

/** How many objects of a kind a namespace holds; a pod that has ended does not count. */
function countOf(store: Store, kind: Kind, namespace: string): number {
  const hasEnded = (object: KubeObject): boolean =>
    kind === POD && ['Succeeded', 'Failed'].includes(textAt(object, 'status', 'phase') ?? '');
  return store.list(kind, namespace).filter((object) => !hasEnded(object)).length;
}

/** What a namespace uses of some limited resources. Only numbers of objects are counted. */
export function usageOf(
  store: Store,
  namespace: string,
  resources: readonly string[],
): Record<string, string> {
  const used: Record<string, string> = {};
  for (const resource of resources) {
    const kind = KINDS.find((candidate) => countedAs(candidate).includes(resource));
    used[resource] = String(kind === undefined ? 0 : countOf(store, kind, namespace));
  }
  return used;
}

/** For each quota that a new object would exceed, the reason in the words of the API server's quota plugin. */
export function exceededQuotas(store: Store, kind: Kind, object: KubeObject): string[] {
  const { namespace } = object.metadata;
  if (namespace === undefined) return [];
  return store.list(RESOURCE_QUOTA, namespace).flatMap((quota) => {
    const hard = objectAt(quota, 'spec', 'hard');
    const count = countOf(store, kind, namespace);
    const over = countedAs(kind).filter((name) => hard[name] !== undefined && count + 1 > Number(hard[name]));
    if (over.length === 0) return [];
    const each = (value: (resource: string) => string | number): string =>
      over.map((resource) => `${resource}=${String(value(resource))}`).join(',');
    return [
      `exceeded quota: ${quota.metadata.name}, requested: ${each(() => 1)}, used: ${each(() => count)}, ` +
        `limited: ${each((resource) => Number(hard[resource]))}`,
    ];
  });
}
