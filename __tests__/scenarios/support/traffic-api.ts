import { REVISION_HEADER } from '../../../src/core/headers.ts';
import { GATEWAY_API, ROUTE_INPUTS } from './gateway-api.ts';
import { ISTIO } from './kube.ts';
import { APP } from './objects.ts';

/** The kind of object that holds the weights. */
export type TrafficApi = 'VirtualService' | 'HTTPRoute';

/** A scenario that both kinds show runs once for each. */
export const TRAFFIC_APIS: readonly TrafficApi[] = ['VirtualService', 'HTTPRoute'];

export const versionOf = (api: TrafficApi): string => (api === 'HTTPRoute' ? GATEWAY_API : ISTIO);

/** The inputs that make a release use this kind. */
export const inputsOf = (api: TrafficApi): Readonly<Record<string, string>> =>
  api === 'HTTPRoute' ? ROUTE_INPUTS : {};

interface Header {
  readonly name: string;
  readonly value: string;
}

interface Share {
  readonly weight?: number;
  /** Of a VirtualService. */
  readonly headers?: { readonly response?: { readonly set?: Readonly<Record<string, string>> } };
  /** Of an HTTPRoute. */
  readonly filters?: readonly { readonly responseHeaderModifier?: { readonly set?: readonly Header[] } }[];
  /** Of a VirtualService. */
  readonly destination?: { readonly subset?: string };
  /** Of an HTTPRoute: the Service. */
  readonly name?: string;
}

interface Route {
  readonly name?: string;
  readonly route?: readonly Share[];
  readonly backendRefs?: readonly Share[];
}

interface Stored {
  readonly [field: string]: unknown;
}

interface Spec {
  readonly http?: readonly Route[];
  readonly rules?: readonly Route[];
}

/** The route that the release made for its users; undefined if there are only previews, and routes that others made. */
function usersRoute({ http, rules = [] }: Spec): Route | undefined {
  if (http !== undefined) return http.find(({ name }) => name === APP);
  return rules.find(
    ({ name, backendRefs = [] }) =>
      !isPreview({ name }) && backendRefs.some((one) => one.name?.startsWith(`${APP}-`) === true),
  );
}

const isPreview = ({ name }: { readonly name?: string | undefined }): boolean =>
  name?.startsWith('canary-preview-') === true;

/** The weights of the route that the release made for its users, as `v1=80,v2=20`; empty without one. */
export function ownWeightsIn(object: Stored): string {
  const route = usersRoute(object['spec'] ?? {});
  return route === undefined ? '' : weightsOf(route);
}

/** The same of the route that leads users to the service, whoever made it. */
export function weightsIn(object: Stored): string {
  const spec = object['spec'] as Spec;
  const { http, rules = [] } = spec;
  const route = usersRoute(spec) ?? (http ?? rules).find((one) => !isPreview(one));
  return route === undefined ? '' : weightsOf(route);
}

function weightsOf({ route, backendRefs }: Route): string {
  return (route ?? backendRefs ?? [])
    .map(({ weight = 100, destination, name = '' }) => {
      const version = destination?.subset ?? name.replace(`${APP}-`, '');
      return `${version}=${String(weight)}`;
    })
    .join(',');
}

/** The revision in the responses of the route that the release made for its users. */
export function revisionIn(object: Stored): string | undefined {
  const route = usersRoute(object['spec'] ?? {});
  const [share] = route?.route ?? route?.backendRefs ?? [];
  const set = share?.filters?.flatMap((filter) => filter.responseHeaderModifier?.set ?? []);
  return (
    share?.headers?.response?.set?.[REVISION_HEADER] ??
    set?.find(({ name }) => name === REVISION_HEADER)?.value
  );
}
