import type { KubeObject, RouteDestination } from '../kubernetes/objects.ts';
import { PREVIEW_NAME } from './routes.ts';
import { formatWeights } from '../core/weights.ts';

interface AnyRoute {
  readonly name?: string;
  readonly route?: readonly RouteDestination[];
}

/** `v1=80,v2=20` of each route that splits users' traffic between subsets, each split once. */
export function describeSplit(vs: KubeObject): string {
  const texts = splitsOf(vs)
    .filter(({ name }) => name?.startsWith(PREVIEW_NAME) !== true)
    .map((route) =>
      formatWeights(new Map(sharesOf(route).map(({ subset, weight }) => [subset ?? 'no subset', weight]))),
    );
  return [...new Set(texts)].join(' and ') || 'no weights';
}

function splitsOf({ spec }: KubeObject): readonly AnyRoute[] {
  const {
    http = [],
    tcp = [],
    tls = [],
  } = (spec ?? {}) as Readonly<Partial<Record<'http' | 'tcp' | 'tls', readonly AnyRoute[]>>>;
  return [...http, ...tcp, ...tls].filter(({ route = [] }) =>
    route.some(({ destination }) => destination.subset !== undefined),
  );
}

function sharesOf({ route = [] }: AnyRoute): readonly { host: string; subset?: string; weight: number }[] {
  return route.map(({ destination: { host, subset }, weight }) => ({
    host,
    ...(subset === undefined ? {} : { subset }),
    // Istio sends everything to a destination that stands alone.
    weight: route.length === 1 ? 100 : (weight ?? 0),
  }));
}
