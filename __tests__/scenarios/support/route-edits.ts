import { GATEWAY_API } from './gateway-api.ts';
import { ISTIO } from './kube.ts';
import type { Kube } from './kube.ts';
import { APP, NAMESPACE, destination } from './objects.ts';

type Route = Readonly<Record<string, unknown>> & { readonly name?: string };
type Spec = Readonly<Record<string, unknown>> & { readonly http: readonly Route[] };

/** Someone replaces the spec of the app's VirtualService in one cluster. */
export async function editRoutes(kube: Kube, change: (spec: Spec) => Spec): Promise<void> {
  const vs = await kube.get(ISTIO, 'VirtualService', APP, NAMESPACE);
  await kube.replace({ ...vs, spec: change(vs['spec'] as Spec) });
}

/** Someone puts a route ahead of all others. */
export async function putAhead(kube: Kube, route: Route): Promise<void> {
  await editRoutes(kube, (spec) => ({ ...spec, http: [route, ...spec.http] }));
}

/** Someone sends every user to one version, unless previewed, who has the header `x-thief: yes`. */
export async function stealUsers(kube: Kube, version: string): Promise<void> {
  const match = [{ headers: { 'x-thief': { exact: 'yes' } }, withoutHeaders: { 'x-canary-version': {} } }];
  await putAhead(kube, { name: 'thief', match, route: [destination(version)] });
}

interface Rule {
  readonly name?: string;
  readonly backendRefs?: readonly { readonly name: string }[];
}

/** Someone changes the weights of the users' rule of an HTTPRoute with `kubectl edit`. */
export async function editRuleWeights(kube: Kube, weights: Readonly<Record<string, number>>): Promise<void> {
  const route = await kube.get(GATEWAY_API, 'HTTPRoute', APP, NAMESPACE);
  const { rules } = route['spec'] as { rules: readonly Rule[] };
  const users = rules.find(({ name }) => name?.startsWith('canary-preview-') !== true);
  const backendRefs = users?.backendRefs?.map((backend) => ({
    ...backend,
    weight: weights[backend.name.replace(`${APP}-`, '')],
  }));
  await kube.merge({
    apiVersion: GATEWAY_API,
    kind: 'HTTPRoute',
    metadata: { name: APP, namespace: NAMESPACE },
    spec: { rules: rules.map((rule) => (rule === users ? { ...rule, backendRefs } : rule)) },
  });
}

/** Someone changes the weights of the users' route with `kubectl edit`. */
export async function editWeights(kube: Kube, v1: number, v2: number): Promise<void> {
  const vs = await kube.get(ISTIO, 'VirtualService', APP, NAMESPACE);
  const { http } = vs['spec'] as Spec;
  const users = http.find(({ name }) => name?.startsWith('canary-preview-') !== true);
  const route = [destination('v1', v1), destination('v2', v2)];
  await kube.merge({
    apiVersion: ISTIO,
    kind: 'VirtualService',
    metadata: { name: APP, namespace: NAMESPACE },
    spec: { http: http.map((one) => (one === users ? { ...one, route } : one)) },
  });
}
