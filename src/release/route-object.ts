import type { HTTPRoute } from '../gateway-api/objects.ts';
import type { VirtualService } from '../kubernetes/objects.ts';

/** What holds the weights of a release in a config cluster: one kind in all of them. */
export type RouteObject = VirtualService | HTTPRoute;
