import { CanaryError } from '../../core/errors.ts';
import { theInput } from '../../core/wording.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { VirtualService } from '../../kubernetes/objects.ts';
import type { Release } from '../release.ts';
import { previewsOfService, allRoutes, routesTo, streamsTo } from '../../istio/routes.ts';
import type { Observation } from '../observation.ts';

/**
 * Refuses a VirtualService that has routes, none of which leads to the service: one made behind them would be reached by
 * nobody, or by requests that were others' so far. One without any route is the release's to fill.
 *
 * @throws CanaryError that tells where its routes lead, and what a release needs
 */
export function assertRouteToService({ release, routes }: Observation): void {
  const missing = routes.flatMap(({ cluster, virtualService: vs }) =>
    vs === undefined || allRoutes(vs).length === 0 || leadsHere(vs, release) ? [] : [{ cluster, vs }],
  );
  const [first] = missing;
  if (first === undefined) return;
  const { app } = release;
  const { vs } = first;
  const same = missing.filter((one) => nameOf(one.vs) === nameOf(vs));
  const clusters = same.map(({ cluster }) => cluster).join(', ');
  throw new CanaryError(
    `No route of ${nameOf(vs)} in ${clusters} leads to ${app}: ${whereTo(vs)}. A release splits the traffic of one Service, ${app}, by the subsets of a DestinationRule. Create a DestinationRule for host ${app} with a subset for the version that users have now (for example name: v1, labels: {version: v1}). Then point the route to split to host ${app} with that subset, instead of its current destination, and run this again. If the routes to ${app} are in another VirtualService, set ${theInput('virtual-service')} to its name.`,
  );
}

function leadsHere(vs: VirtualService, release: Release): boolean {
  // Preview routes alone are those of a first install that was cut off.
  return [routesTo, streamsTo, previewsOfService].some((find) => find(vs, release).length > 0);
}

function whereTo(vs: VirtualService): string {
  const hosts = allRoutes(vs).flatMap(({ route = [] }) => route.map(({ destination }) => destination.host));
  const delegates = (vs.spec.http ?? []).flatMap(({ delegate }) =>
    delegate === undefined
      ? []
      : [`the delegate ${[delegate.namespace, delegate.name].filter(Boolean).join('/')}`],
  );
  const places = [...new Set([...hosts, ...delegates])];
  return places.length === 0 ? 'its routes lead to no service' : `its routes lead to ${places.join(', ')}`;
}
