import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ApiCall } from '../../testbed/embedded/start.ts';
import type { Run, RunningAction } from '../../testbed/run-action.ts';
import type { Kube } from '../scenarios/support/kube.ts';
import { NAMESPACE, SEED, image } from '../scenarios/support/objects.ts';
import { TRAFFIC_APIS } from '../scenarios/support/traffic-api.ts';
import { LATER, Lane, QUICK } from './support/lanes.ts';

type Inputs = Readonly<Record<string, string>>;

const FIRST = 'v1=80,v2=20';
const NEXT = 'v1=60,v2=40';
const step = { ...LATER, weights: NEXT };
const retire = { ...LATER, operation: 'retire', version: 'v1' };

let lane: Lane;
afterEach(() => lane.fleet.stop());

interface LastWrites {
  readonly kind: ApiCall['kind'];
  /** How many of them have arrived when the run is killed. */
  readonly writes: number;
  /** This cluster carries its own out when `late` is resolved; others never do. */
  readonly slow: string;
  readonly late: Promise<unknown>;
}

/** A run that is killed before any of its writes of one kind is stored. */
async function diesBeforeAnyIsStored(inputs: Inputs, { kind, writes, slow, late }: LastWrites): Promise<Run> {
  let running: RunningAction | undefined;
  let arrived = 0;
  return lane.during(
    (call) => {
      if (call.kind !== kind || !call.write) return undefined;
      arrived += 1;
      if (arrived === writes) running?.kill('SIGKILL');
      return call.cluster === slow ? { after: late } : 'hang';
    },
    () =>
      lane.stage.run(inputs, {
        onStart: (started) => {
          running = started;
        },
      }),
  );
}

/** The images that v2 runs in a cluster. */
async function images(kube: Kube): Promise<readonly string[]> {
  const { spec } = await kube.get('apps/v1', 'Deployment', `${SEED.app}-v2`, NAMESPACE);
  const { template } = spec as { template: { spec: { containers: readonly { image: string }[] } } };
  return template.spec.containers.map((container) => container.image);
}

describe.each(TRAFFIC_APIS)(
  'a write that a server carries out long after its run was killed, of a release by %s,',
  (api) => {
    beforeEach(async () => {
      lane = await Lane.open({ api });
      await lane.stage.pass({ ...QUICK, weights: FIRST });
    });

    test.each([
      ['a step', step, FIRST],
      ['a rollback', { ...LATER, operation: 'rollback' }, NEXT],
    ])('changes nothing once %s is recovered', async (_, inputs, held) => {
      if (held === NEXT) await lane.stage.pass(step);
      const late = Promise.withResolvers<undefined>();
      await lane.stage.underLoad(async () => {
        const killed = await diesBeforeAnyIsStored(inputs, {
          kind: api,
          writes: 2,
          slow: 'west',
          late: late.promise,
        });
        const post = await lane.postOf(inputs, killed);
        expect(post.log).toContain(`Recovered: all clusters hold ${held}.`);
        late.resolve(undefined);
        expect([await lane.stage.weights(), await lane.holders()]).toEqual([
          [held, held],
          ['', ''],
        ]);
        const again = await lane.stage.pass({ ...LATER, weights: held });
        expect(again.outputs['changed']).toBe('0');
      });
    });

    test('does not replace the pods of a version that has users', async () => {
      const late = Promise.withResolvers<undefined>();
      const broken = { ...QUICK, image: `v2=${image('v2', 'errors')}`, weights: NEXT };
      await lane.stage.underLoad(async () => {
        const killed = await diesBeforeAnyIsStored(broken, {
          kind: 'Deployment',
          writes: 1,
          slow: 'west',
          late: late.promise,
        });
        await lane.postOf(broken, killed);
        await lane.stage.pass(step);
        late.resolve(undefined);
        const again = await lane.stage.pass(step);
        expect(again.outputs['changed']).toBe('0');
        await expect(images(lane.stage.west)).resolves.toEqual([image('v2')]);
      });
    });

    const way =
      api === 'HTTPRoute'
        ? ({ kind: 'Service', writes: 2, slow: 'east' } as const)
        : ({ kind: 'DestinationRule', writes: 2, slow: 'west' } as const);

    test.each<[string, Omit<LastWrites, 'late'>, Inputs]>([
      [way.kind, way, QUICK],
      ['workload', { kind: 'Deployment', writes: 1, slow: 'east' }, LATER],
    ])('does not take the %s from a version that has users again', async (_, last, inputs) => {
      await lane.stage.pass({ ...LATER, weights: 'v1=0,v2=100' });
      const late = Promise.withResolvers<undefined>();
      await lane.stage.underLoad(async () => {
        const killed = await diesBeforeAnyIsStored(retire, { ...last, late: late.promise });
        await lane.postOf(retire, killed);
        const back = { ...inputs, weights: 'v1=50,v2=50' };
        await lane.stage.pass(back);
        late.resolve(undefined);
        const again = await lane.stage.pass({ ...back, ...LATER });
        expect(again.outputs['changed']).toBe('0');
      });
    });
  },
);
