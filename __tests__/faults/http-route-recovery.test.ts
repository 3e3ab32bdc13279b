import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ApiCall } from '../../testbed/embedded/start.ts';
import type { RunningAction } from '../../testbed/run-action.ts';
import { GATEWAY_API, ROUTE_INPUTS } from '../scenarios/support/gateway-api.ts';
import type { Kube } from '../scenarios/support/kube.ts';
import { APP, NAMESPACE } from '../scenarios/support/objects.ts';
import { LATER, Lane, QUICK } from './support/lanes.ts';

const FIRST = 'v1=80,v2=20';
const NEXT = 'v1=60,v2=40';
const later = { ...LATER, ...ROUTE_INPUTS };

interface Rule {
  readonly name?: string;
  readonly backendRefs: readonly { readonly name: string; readonly weight?: number }[];
}

let lane: Lane;
beforeEach(async () => {
  lane = await Lane.open();
  await lane.stage.openIngress();
  await lane.stage.pass({ ...QUICK, ...ROUTE_INPUTS, weights: FIRST });
});
afterEach(() => lane.fleet.stop());

const isRuleWrite = ({ cluster, kind, write, subresource }: ApiCall, name: string): boolean =>
  cluster === name && kind === 'HTTPRoute' && write && subresource === undefined;

/** A step that dies when east has the new weights, and west is about to get them. */
async function diesBetweenTheWrites(): Promise<void> {
  let running: RunningAction | undefined;
  let wrote = (): void => undefined;
  const written = new Promise<void>((resolve) => {
    wrote = resolve;
  });
  void written.then(() => running?.kill('SIGKILL'));
  await lane.during(
    (call) => (isRuleWrite(call, 'west') ? 'hang' : undefined),
    () =>
      lane.stage.run(
        { ...later, weights: NEXT },
        {
          onStart: (started) => {
            running = started;
          },
          onLog: (text) => {
            if (text.includes('east: wrote HTTPRoute')) wrote();
          },
        },
      ),
  );
  await lane.shortenLeases();
}

async function rulesIn(kube: Kube): Promise<readonly Rule[]> {
  const { spec } = await kube.get(GATEWAY_API, 'HTTPRoute', APP, NAMESPACE);
  return (spec as { rules: readonly Rule[] }).rules;
}

/** The weights of each users' rule of a cluster. */
async function weightsIn(kube: Kube): Promise<readonly string[]> {
  const rules = (await rulesIn(kube)).filter(({ name }) => name?.startsWith('canary-preview-') !== true);
  return rules.map(({ backendRefs }) =>
    backendRefs.map(({ name, weight }) => `${name.replace(`${APP}-`, '')}=${String(weight)}`).join(','),
  );
}

/** Someone adds a rule without a name that leads to v1, at a place among the rules of west. */
async function addRule(place: 'first' | 'last'): Promise<void> {
  const { west } = lane.stage;
  const rules = await rulesIn(west);
  const added = {
    matches: [{ path: { type: 'Exact', value: '/health' } }],
    backendRefs: [{ name: `${APP}-v1`, port: 5000, weight: 1 }],
  };
  await west.merge({
    apiVersion: GATEWAY_API,
    kind: 'HTTPRoute',
    metadata: { name: APP, namespace: NAMESPACE },
    spec: { rules: place === 'first' ? [added, ...rules] : [...rules, added] },
  });
}

describe('a run that died between its writes, before someone added an unnamed rule,', () => {
  test.each(['first', 'last'] as const)('is recovered with the rule that is %s untouched', async (place) => {
    await diesBetweenTheWrites();
    await addRule(place);
    const run = await lane.stage.pass({ ...later, weights: NEXT });
    expect(run.log).toContain(`Recovered: all clusters hold ${FIRST}`);
    expect(run.log).toMatch(/The unnamed rules\[\d\] of HTTPRoute .* in west sends requests to v1, outside/);
    expect(await weightsIn(lane.stage.east)).toEqual([NEXT]);
    expect(await weightsIn(lane.stage.west)).toEqual(place === 'first' ? ['v1=1', NEXT] : [NEXT, 'v1=1']);
  });

  test('is recovered by the remedy that a run names whose input means the new rule', async () => {
    await diesBetweenTheWrites();
    await addRule('first');
    const refused = await lane.stage.run({ ...later, routes: 'rules[0]', weights: NEXT });
    expect(refused.code).toBe(1);
    expect(refused.outputs['changed'] ?? '0').toBe('0');
    expect(refused.log).toContain(
      'the rule that the release has split so far is now rules[1]: rules were added or removed since. Omit the input routes',
    );
    const run = await lane.stage.pass({ ...later, weights: NEXT });
    expect(run.log).toContain(`Recovered: all clusters hold ${FIRST}`);
    expect(await weightsIn(lane.stage.west)).toEqual(['v1=1', NEXT]);
  });
});
