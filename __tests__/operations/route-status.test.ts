import { describe, expect, test } from '@jest/globals';
import { ROUTE_STATUS } from '../../src/core/deadlines.ts';
import type {
  HTTPRoute,
  ParentRef,
  RouteParentStatus,
  StatusCondition,
} from '../../src/gateway-api/objects.ts';
import { routeDetachments } from '../../src/gateway-api/parents.ts';
import { awaitInForce } from '../../src/operations/route-status.ts';
import { skippingClock } from '../support/clock.ts';
import { EDGE, attachedRoute } from '../support/gateways.ts';
import { APP, NAMESPACE } from '../support/objects.ts';

const GATEWAY: ParentRef = { name: 'public', namespace: EDGE };
const NAME = `HTTPRoute ${NAMESPACE}/${APP} at Gateway edge/public`;
const SECONDS = ROUTE_STATUS.waitMs / 1000;

const condition = (
  type: string,
  rest: Partial<StatusCondition> & { readonly observedGeneration?: number } = {},
): StatusCondition => ({ type, status: 'True', observedGeneration: 2, ...rest });
const FINE = [condition('Accepted'), condition('ResolvedRefs')];
const of = (parentRef: ParentRef, conditions: readonly StatusCondition[] = FINE): RouteParentStatus => ({
  parentRef,
  conditions,
});

/** The second generation of a route, with what is reported of its parents. */
function route(
  parents: readonly RouteParentStatus[],
  parentRefs: readonly ParentRef[] = [GATEWAY],
): HTTPRoute {
  const { metadata, ...rest } = attachedRoute([], parentRefs);
  return { ...rest, metadata: { ...metadata, generation: 2 }, status: { parents } };
}

/** Waits for a route that is read as these in turn, the last for ever. @returns how often it was read, and the seconds that passed */
async function waited(
  ...reads: readonly HTTPRoute[]
): Promise<{ readonly looks: number; readonly seconds: number }> {
  const clock = skippingClock();
  let looks = 0;
  const look = () => {
    const found = reads[Math.min(looks, reads.length - 1)];
    looks += 1;
    return Promise.resolve(found === undefined ? [] : routeDetachments(found));
  };
  await awaitInForce({ clock, signal: new AbortController().signal }, 'east', look);
  return { looks, seconds: clock.now() / 1000 };
}

const fails = (...reads: readonly HTTPRoute[]): Promise<unknown> =>
  waited(...reads).then(
    () => 'in force',
    (error: unknown) => (error instanceof Error ? error.message : error),
  );

describe('a route that is written', () => {
  test('is in force at once where its status says so', async () => {
    await expect(waited(route([of(GATEWAY)]))).resolves.toEqual({ looks: 1, seconds: 0 });
  });

  test('is waited for until the status is of its generation', async () => {
    const old = [condition('Accepted', { observedGeneration: 1 }), condition('ResolvedRefs')];
    const { looks, seconds } = await waited(route([]), route([of(GATEWAY, old)]), route([of(GATEWAY)]));
    expect([looks, seconds]).toEqual([3, (2 * ROUTE_STATUS.pollMs) / 1000]);
  });

  test.each<[string, readonly StatusCondition[], string]>([
    [
      'is not accepted',
      [
        condition('Accepted', { status: 'False', reason: 'NotAllowedByListeners', message: 'hostname' }),
        condition('ResolvedRefs'),
      ],
      `${NAME} is not accepted: NotAllowedByListeners (hostname) in east`,
    ],
    [
      'does not resolve',
      [
        condition('Accepted'),
        condition('ResolvedRefs', { status: 'False', reason: 'BackendNotFound', message: 'no v2' }),
      ],
      `${NAME} is not resolved: BackendNotFound (no v2) in east`,
    ],
    [
      'is not decided upon',
      [condition('Accepted', { status: 'Unknown', reason: 'Pending' }), condition('ResolvedRefs')],
      `${NAME} is not accepted: Pending (no message) in east`,
    ],
    [
      'is reported on for an earlier generation',
      [condition('Accepted', { observedGeneration: 1 }), condition('ResolvedRefs')],
      `${NAME}: Accepted is reported for an earlier generation than 2 in east`,
    ],
    [
      'is refused for an earlier generation alone',
      [condition('Accepted', { status: 'False', observedGeneration: 1 }), condition('ResolvedRefs')],
      `${NAME}: Accepted is reported for an earlier generation than 2 in east`,
    ],
    [
      'is reported on in part',
      [condition('Accepted')],
      `${NAME}: no controller has reported ResolvedRefs in east`,
    ],
    [
      'is neither accepted nor resolved',
      [],
      `${NAME}: no controller has reported Accepted; ${NAME}: no controller has reported ResolvedRefs in east`,
    ],
  ])('and %s ends the wait after its time, with the reason', async (_, conditions, text) => {
    expect(await fails(route([of(GATEWAY, conditions)]))).toBe(
      `${text}, and this has not changed in ${String(SECONDS)} s. No weight was changed: correct that first, then run again.`,
    );
  });

  test('needs every parent, each by its listener', async () => {
    const http = { ...GATEWAY, sectionName: 'http' };
    const https = { ...GATEWAY, sectionName: 'https' };
    const mesh = { group: '', kind: 'Service', name: APP };
    const parents = [http, https, mesh];
    const told = await fails(route([of(http), of(mesh)], parents));
    expect(told).toContain(`${NAME}, listener https: no controller has reported Accepted`);
    expect(told).not.toContain('listener http:');
    expect(await fails(route([of(http), of(https)], parents))).toContain(
      `HTTPRoute ${NAMESPACE}/${APP} at Service ${NAMESPACE}/${APP}: no controller`,
    );
    expect(await fails(route([of(http), of(https), of(mesh)], parents))).toBe('in force');
  });

  test('is no longer waited for once the run is cancelled', async () => {
    const cancelling = new AbortController();
    const wait = awaitInForce({ clock: skippingClock(), signal: cancelling.signal }, 'east', () => {
      cancelling.abort(new Error('Cancelled.'));
      return Promise.resolve(routeDetachments(route([])));
    });
    await expect(wait).rejects.toThrow('Cancelled.');
  });
});
