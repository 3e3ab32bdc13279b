import { isHttpRoute } from '../gateway-api/objects.ts';
import { describeRuleSplit } from '../gateway-api/rule-weights.ts';
import { describeSubsetSplit } from '../istio/route-weights.ts';
import type { KubeObject } from '../kubernetes/objects.ts';

/** Whether an object is one that splits traffic. */
export function describesSplit(object: KubeObject): boolean {
  return object.kind === 'VirtualService' || isHttpRoute(object);
}

/** What each route of an object splits users' traffic into, each split once. */
export function describeSplit(object: KubeObject): string {
  return isHttpRoute(object) ? describeRuleSplit(object) : describeSubsetSplit(object);
}
