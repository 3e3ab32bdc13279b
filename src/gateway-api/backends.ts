import { REVISION_HEADER, VERSION_HEADER, isMarkHeader } from '../core/headers.ts';
import type { RouteChoice } from '../core/route-target.ts';
import type { VersionName } from '../core/weights.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { BackendRef, HTTPBackendRef, HTTPRoute, HTTPRouteFilter, HTTPRouteRule } from './objects.ts';

/** The Service that leads to the pods of one version. */
export function versionServiceName(app: string, version: VersionName): string {
  return `${app}-${version}`;
}

/** What a backend of a managed rule stands for: one version, or with `open` the service as a whole. */
export type BackendKind = { readonly version: VersionName } | 'open' | 'other';

/** What a backend means for the service. The namespace is that of the route where the backend does not name one. */
export function kindOfBackend(route: HTTPRoute, backend: HTTPBackendRef, choice: RouteChoice): BackendKind {
  const { service, versionServices } = choice;
  const meant = serviceOfBackend(route, backend);
  if (meant?.namespace !== service.namespace) return 'other';
  if (meant.name === service.app) return 'open';
  const known = versionServices?.get(meant.name);
  if (known !== undefined) return { version: known };
  const marked = markOf(backend, VERSION_HEADER);
  return marked !== undefined && meant.name === versionServiceName(service.app, marked)
    ? { version: marked }
    : 'other';
}

/**
 * The Service that a reference means, by its name or by its host, as Istio takes it; undefined for any other kind.
 * Source: https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/
 */
export function serviceOfBackend(
  { metadata }: KubeObject,
  { group = '', kind = 'Service', name, namespace = metadata.namespace }: BackendRef,
): { readonly name: string; readonly namespace: string | undefined } | undefined {
  if (group === '' && kind === 'Service') return { name, namespace };
  if (group !== ISTIO_GROUP || kind !== 'Hostname') return undefined;
  const [service = '', from, svc] = name.split('.');
  return svc === 'svc' ? { name: service, namespace: from } : undefined;
}

const ISTIO_GROUP = 'networking.istio.io';

/** A reference to another Service in the place of one: what belongs to a host alone is left out. */
export function asService<B extends BackendRef>(backend: B, name: string): B {
  return backend.kind === 'Hostname'
    ? { ...backend, group: '', kind: 'Service', name }
    : { ...backend, name };
}

/** Whether a reference means a Service of a namespace. */
export function isServiceIn(object: KubeObject, backend: BackendRef, namespace: string): boolean {
  return serviceOfBackend(object, backend)?.namespace === namespace;
}

/** `Service hello`, `ServiceImport hello` */
export function nameOfBackend({ kind = 'Service', name }: BackendRef): string {
  return `${kind} ${name}`;
}

/** The backends of a rule that mean the service, or one of its versions. */
export function backendsTo(
  route: HTTPRoute,
  rule: HTTPRouteRule,
  choice: RouteChoice,
): readonly HTTPBackendRef[] {
  return (rule.backendRefs ?? []).filter((backend) => kindOfBackend(route, backend, choice) !== 'other');
}

export function versionOfBackend(
  route: HTTPRoute,
  backend: HTTPBackendRef,
  choice: RouteChoice,
): VersionName | undefined {
  const kind = kindOfBackend(route, backend, choice);
  return typeof kind === 'string' ? undefined : kind.version;
}

/** A backend without a weight counts 1, and one of weight 0 gets nothing, even where it is alone. */
export function weightOf({ weight }: HTTPBackendRef): number {
  return weight ?? 1;
}

export function sumOfBackends(backends: readonly HTTPBackendRef[]): number {
  return backends.reduce((sum, backend) => sum + weightOf(backend), 0);
}

const MODIFIER = 'ResponseHeaderModifier';

/** The value to which a backend sets a response header. */
export function markOf({ filters = [] }: HTTPBackendRef, header: string): string | undefined {
  return filters
    .flatMap(({ responseHeaderModifier }) => responseHeaderModifier?.set ?? [])
    .find(({ name }) => name.toLowerCase() === header)?.value;
}

/**
 * The response headers of the release that a rule changes for all its backends: Envoy applies that after the headers of a weighted
 * backend.
 * Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#custom-request-response-headers
 */
export function changedMarks({ filters = [] }: HTTPRouteRule): readonly string[] {
  return filters
    .flatMap(({ responseHeaderModifier: { set = [], add = [], remove = [] } = {} }) => [
      ...[...set, ...add].map(({ name }) => name),
      ...remove,
    ])
    .filter(isMarkHeader);
}

/** The filters of a backend with the response headers for version and revision; a kind of filter may be there once. */
export function markedFilters(
  filters: readonly HTTPRouteFilter[] | undefined,
  version: VersionName,
  revision: number,
): readonly HTTPRouteFilter[] {
  const marks = [
    { name: VERSION_HEADER, value: version },
    { name: REVISION_HEADER, value: String(revision) },
  ];
  const index = (filters ?? []).findIndex(({ type }) => type === MODIFIER);
  const modifier = filters?.[index]?.responseHeaderModifier;
  const set = modifier?.set ?? [];
  const isMark = ({ name }: { readonly name: string }): boolean =>
    marks.some((mark) => mark.name === name.toLowerCase());
  const held = set.map((header) => marks.find(({ name }) => name === header.name.toLowerCase()) ?? header);
  const added = marks.filter(
    ({ name }) => !set.some((header) => isMark(header) && header.name.toLowerCase() === name),
  );
  const marked = { ...modifier, set: [...held, ...added] };
  if (filters === undefined || index < 0)
    return [...(filters ?? []), { type: MODIFIER, responseHeaderModifier: marked }];
  return filters.map((filter, i) => (i === index ? { ...filter, responseHeaderModifier: marked } : filter));
}
