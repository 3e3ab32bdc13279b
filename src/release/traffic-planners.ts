import { HTTP_ROUTE_PLANNER } from './http-route-planner.ts';
import type { Observation } from './observation.ts';
import type { RouteKind } from './traffic-api.ts';
import type { TrafficPlanner } from './traffic-planner.ts';
import { VIRTUAL_SERVICE_PLANNER } from './virtual-service-planner.ts';

const PLANNERS: Readonly<Record<RouteKind, TrafficPlanner>> = {
  VirtualService: VIRTUAL_SERVICE_PLANNER,
  HTTPRoute: HTTP_ROUTE_PLANNER,
};

export function plannerOf({ api }: Pick<Observation, 'api'>): TrafficPlanner {
  return PLANNERS[api.kind];
}
