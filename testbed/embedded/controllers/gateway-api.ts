import {
  API_GATEWAY,
  GATEWAY_CLASS,
  HTTP_ROUTE,
  NAMESPACE,
  REFERENCE_GRANT,
  SECRET,
  SERVICE,
  type Kind,
} from '../api/kinds.ts';
import type { Resources } from '../api/resources.ts';
import { reports } from '../gateway-api/status.ts';
import type { GatewayApiState } from '../gateway-api/state.ts';
import type { JsonObject } from '../json.ts';
import type { Timers } from '../timers.ts';
import { WorkQueue } from './queue.ts';

const MANAGER = 'pilot-discovery';
/** Later than the gateways have the change: istiod was seen to take 180 to 260 ms, and its gateways 14 to 46 ms. */
const STATUS_MS = 200;

const READ: Readonly<Record<keyof GatewayApiState, Kind>> = {
  gatewayClasses: GATEWAY_CLASS,
  apiGateways: API_GATEWAY,
  httpRoutes: HTTP_ROUTE,
  referenceGrants: REFERENCE_GRANT,
  namespaces: NAMESPACE,
  secrets: SECRET,
  services: SERVICE,
};
const KINDS_READ: ReadonlySet<Kind> = new Set(Object.values(READ));

/** Reports on the Gateways and HTTPRoutes of one cluster, as its istiod does. */
export function keepGatewayApi(resources: Resources, timers: Timers): void {
  const { store } = resources;
  const queue = new WorkQueue(timers, STATUS_MS, () => {
    for (const { object, status } of reports(stateOf(resources))) {
      const kind = [GATEWAY_CLASS, API_GATEWAY, HTTP_ROUTE].find((each) => each.kind === object.kind);
      if (kind === undefined) continue;
      const { namespace, name } = object.metadata;
      const change = (live: JsonObject): JsonObject => ({ ...live, status });
      resources.patch(kind, namespace, name, change, { manager: MANAGER, subresource: 'status' });
    }
  });
  store.subscribe(({ kind }) => {
    if (KINDS_READ.has(kind)) queue.add('');
  });
}

function stateOf({ store }: Resources): GatewayApiState {
  const read = (part: keyof GatewayApiState): ReturnType<typeof store.list> => [...store.each(READ[part])];
  return {
    gatewayClasses: read('gatewayClasses'),
    apiGateways: read('apiGateways'),
    httpRoutes: read('httpRoutes'),
    referenceGrants: read('referenceGrants'),
    namespaces: read('namespaces'),
    secrets: read('secrets'),
    services: read('services'),
  };
}
