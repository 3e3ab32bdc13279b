import { gatewayKey } from '../../release/gateways.ts';
import { takes } from '../../release/matching.ts';
import type { RoutedRequest } from '../../release/matching.ts';
import { nameOf } from '../../release/objects.ts';
import type { HttpRoute, VirtualService } from '../../release/objects.ts';
import { managedRoutes } from '../../release/managed.ts';
import { isPreview } from '../../release/routes.ts';
import { servingOf } from '../../release/traffic.ts';
import type { InForce } from '../../release/traffic.ts';
import { delegatesTo, entrancesOf, gatewaysOf } from '../../release/virtual-services.ts';
import type { IngressEvidence } from '../evidence.ts';
import { total } from '../evidence.ts';
import { everywhereFor, failedOf } from './facts.ts';
import type { Facts, Finding } from './facts.ts';

/** Answers that no managed route gave: another VirtualService, or an earlier route, takes the requests. */
export function otherRoutes(facts: Facts): readonly Finding[] {
  return failedOf(facts)
    .filter(strays)
    .flatMap((one) => {
      const serving = servingOf(facts.inForce, one.cluster);
      const vs = serving?.virtualService;
      if (serving === undefined || vs === undefined) return [];
      const found = [...rivals(facts, one, vs), ...earlier(facts, one, serving, vs)];
      // Failed requests alone may have many causes; answers without a revision have one of these.
      return found.length > 0 || one.unmarked === 0 ? found : [unknown(facts, one, vs)];
    });
}

/** Whether answers came that the managed route would not give. */
function strays({ unmarked, errors }: IngressEvidence): boolean {
  return unmarked > 0 || [...errors.keys()].some((kind) => /^(no version|status 4)/.test(kind));
}

function seen({ unmarked, errors, requests }: IngressEvidence, vs: VirtualService): string {
  return unmarked > 0
    ? `${String(unmarked)} of ${String(requests)} requests were not answered by the managed route of ${nameOf(vs)}`
    : `${String(total(errors))} of ${String(requests)} requests failed`;
}

function rivals(facts: Facts, one: IngressEvidence, vs: VirtualService): readonly Finding[] {
  const { release } = facts;
  const entrances = entrancesFor(facts, one, vs);
  const request = requestOf(facts, entrances);
  const all = everywhereFor(facts, one.cluster)?.virtualServices ?? [];
  const own = facts.inForce.flatMap(({ virtualService }) => virtualService ?? []);
  const ours = new Set([...own, ...entrances].map(nameOf));
  const doors = new Set(entrances.flatMap(doorsOf));
  return all
    .filter((other) => !ours.has(nameOf(other)) && doorsOf(other).some((door) => doors.has(door)))
    .filter(({ spec }) => (spec.hosts ?? []).some((host) => covers(host, request.host)))
    .flatMap((other) => {
      const index = (other.spec.http ?? []).findIndex((route) => takes(route, request));
      const route = other.spec.http?.[index];
      if (route === undefined) return [];
      const door = doorsOf(other).find((name) => doors.has(name)) ?? '';
      return [
        {
          title: `${nameOf(other)} takes requests in ${one.cluster}`,
          detail: `It binds ${(other.spec.hosts ?? []).join(', ')} and Gateway ${door}, as ${nameOf(vs)} does${madeAt(other)}, and its route ${labelOf(route, index)} takes the path ${release.check.path}: ${seen(one, vs)}. Istio puts the routes of both in one list, the older first. Narrow its match or its hosts, or take it away.`,
        },
      ];
    });
}

function earlier(
  facts: Facts,
  one: IngressEvidence,
  { routes: names }: InForce,
  vs: VirtualService,
): readonly Finding[] {
  const entrances = entrancesFor(facts, one, vs);
  const request = requestOf(facts, entrances);
  const [managed] = managedRoutes(vs, facts.release, names);
  const before = [
    ...entrances
      .filter((root) => root !== vs)
      .flatMap((root) => ahead(root, (route) => leadsTo(root, route, vs), request)),
    ...ahead(vs, (route) => route === managed, request),
  ];
  if (before.length === 0) return [];
  return [
    {
      title: `An earlier route takes requests in ${one.cluster}`,
      detail: `${before.join(', ')} stands ahead of the managed route and takes the path ${facts.release.check.path}: ${seen(one, vs)}. Put it behind the managed route, or narrow its match.`,
    },
  ];
}

/** The routes ahead of one that take a request, as `route beta of VirtualService …`. */
function ahead(
  vs: VirtualService,
  isOne: (route: HttpRoute) => boolean,
  request: RoutedRequest,
): readonly string[] {
  const routes = vs.spec.http ?? [];
  const end = routes.findIndex(isOne);
  return routes
    .slice(0, end < 0 ? routes.length : end)
    .flatMap((route, i) =>
      isPreview(route) || !takes(route, request) ? [] : [`Route ${labelOf(route, i)} of ${nameOf(vs)}`],
    );
}

function leadsTo(root: VirtualService, route: HttpRoute, vs: VirtualService): boolean {
  return delegatesTo({ ...root, spec: { ...root.spec, http: [route] } }, vs);
}

function unknown(facts: Facts, one: IngressEvidence, vs: VirtualService): Finding {
  const everywhere = everywhereFor(facts, one.cluster);
  const looked =
    everywhere?.unlisted.includes('VirtualService') === false
      ? 'no VirtualService of any namespace was found that explains it. Look at istioctl proxy-config routes of the gateway'
      : `none of namespace ${facts.release.namespace} explains it, and those of others could not be read. Look there for one of the same host and gateway, or let the user of the kubeconfig list VirtualServices of all namespaces`;
  return {
    title: `Another route answers in ${one.cluster}`,
    detail: `${seen(one, vs)}; ${looked}.`,
  };
}

function entrancesFor(
  { state, inForce }: Facts,
  { cluster }: IngressEvidence,
  vs: VirtualService,
): readonly VirtualService[] {
  const serving = servingOf(inForce, cluster)?.cluster ?? cluster;
  return entrancesOf([vs], state?.get(serving)?.traffic?.roots ?? []);
}

/** What the sampler asks for. */
function requestOf({ release }: Facts, entrances: readonly VirtualService[]): RoutedRequest {
  const { path, headers, host } = release.check;
  const concrete = entrances.flatMap(({ spec }) => spec.hosts ?? []).find((name) => !name.includes('*'));
  return { method: 'GET', path, headers, host: host ?? concrete };
}

/** The Gateways that a VirtualService is bound to, as `namespace/name`. */
function doorsOf(vs: VirtualService): readonly string[] {
  return gatewaysOf(vs).map((reference) => {
    const { namespace, name } = gatewayKey(reference, vs.metadata.namespace ?? '');
    return `${namespace}/${name}`;
  });
}

/** Whether a host of a VirtualService takes a host asked for; without one, an address is asked for. */
function covers(pattern: string, host: string | undefined): boolean {
  if (pattern === '*') return true;
  if (host === undefined) return false;
  return pattern.startsWith('*') ? host.endsWith(pattern.slice(1)) : host === pattern;
}

function labelOf({ name }: HttpRoute, index: number): string {
  return name ?? `http[${String(index)}]`;
}

function madeAt({ metadata }: VirtualService): string {
  const at = metadata['creationTimestamp'];
  return typeof at === 'string' ? ` (made at ${at})` : '';
}
