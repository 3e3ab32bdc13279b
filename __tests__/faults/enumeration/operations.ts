import type { ApiCall } from '../../../testbed/embedded/start.ts';
import type { Run, RunningAction } from '../../../testbed/run-action.ts';
import { Kube } from '../../scenarios/support/kube.ts';
import type { Obj } from '../../scenarios/support/kube.ts';
import { APP, NAMESPACE, image } from '../../scenarios/support/objects.ts';
import { ownWeightsIn, versionOf } from '../../scenarios/support/traffic-api.ts';
import { addBystanders } from './bystanders.ts';
import type { Ground, Inputs } from './ground.ts';

/** A wide tolerance: what is looked at here is what the clusters hold, not the test of the shares. */
const QUICK = { tolerance: '40', 'max-rps': '2000' } as const;
/** A later job knows the release, but not the images: what runs stays. */
const LATER = { ...QUICK, image: '', port: '' } as const;
/** Certainty costs samples where one version has all the traffic, and chance has no part there. */
const CERTAIN = { confidence: '90' } as const;

/** Enough samples to meet the errors of a worse version, every tenth of its answers. */
const SURE = { tolerance: '10' } as const;

const FIRST = 'v1=80,v2=20';
const NEXT = 'v1=60,v2=40';

/** An operation whose calls meet faults. */
export interface Operation {
  readonly name: string;
  /** Brings an empty fleet to where the operation begins. @returns the state of a run that was killed there, if one was */
  readonly lead: (ground: Ground) => Promise<Run['state'] | undefined>;
  readonly inputs: Inputs;
  /** Whether it is the post step of the run that was killed. */
  readonly isPost?: true;
  /** The exit code of a run that nothing disturbs; 0 where it is left out. */
  readonly code?: number;
  /** The weights that the clusters may hold after a run that failed; the last are those after one that did not. */
  readonly weights: readonly string[];
  /** What is run again, until all clusters hold the last weights. */
  readonly rerun: Inputs;
  /** What then has nothing left to write. */
  readonly again: Inputs;
  /** What another run does that comes in between; `again` where it is left out. */
  readonly other?: Inputs;
  /** Whether users are served before it begins. */
  readonly served: boolean;
  /** Whether users meet a version that fails some of their requests by itself. */
  readonly faulty?: true;
}

const step = { ...LATER, weights: NEXT };
const toFirst = { ...LATER, weights: FIRST };

async function installed(ground: Ground): Promise<undefined> {
  await ground.pass({ ...QUICK, weights: 'v1=90,v2=10' });
  await addBystanders(ground);
  await ground.pass(toFirst);
  return undefined;
}

/** A run that dies when east has the new weights, and west is about to get them. */
async function killedBetweenTheWrites(ground: Ground): Promise<Run['state']> {
  await installed(ground);
  const kube = new Kube(ground.fleet, 'east');
  let process: RunningAction | undefined;
  const killAt = (call: ApiCall): 'hang' | undefined => {
    if (call.cluster !== 'west' || call.kind !== ground.api || !call.write) return undefined;
    void kube
      .settled(
        versionOf(ground.api),
        ground.api,
        APP,
        NAMESPACE,
        (route: Obj) => ownWeightsIn(route) === NEXT,
      )
      .then(() => process?.kill('SIGKILL'));
    return 'hang';
  };
  const killed = await ground.during(killAt, () =>
    ground.run(step, {
      onStart: (started) => {
        process = started;
      },
    }),
  );
  if (killed.code !== -1) throw new Error(`The run was not killed:\n${killed.log}`);
  return killed.state;
}

const retire = { ...LATER, operation: 'retire', version: 'v1' };
const worse = { image: `v1=${image('v1')}\nv2=${image('v2', 'errors')}` };
const farWeights = [FIRST, NEXT, 'v1=40,v2=60', 'v1=20,v2=80'];

/** The operations whose every call meets every fault. */
export const OPERATIONS: readonly Operation[] = [
  {
    name: 'first-install',
    lead: () => Promise.resolve(undefined),
    inputs: { ...QUICK, weights: FIRST },
    weights: ['', FIRST],
    rerun: { ...QUICK, weights: FIRST },
    again: { ...QUICK, weights: FIRST },
    served: false,
  },
  {
    name: 'rollout-step',
    lead: installed,
    inputs: step,
    weights: [FIRST, NEXT],
    rerun: step,
    again: step,
    served: true,
  },
  {
    name: 'promote',
    lead: installed,
    inputs: { ...LATER, operation: 'promote', steps: '20,40' },
    weights: [FIRST, NEXT],
    rerun: { ...LATER, operation: 'promote', steps: '20,40' },
    again: step,
    served: true,
  },
  {
    name: 'promote-to',
    lead: installed,
    inputs: { ...LATER, operation: 'promote', steps: '20,40,60,80', 'promote-to': '80' },
    weights: farWeights,
    rerun: { ...LATER, operation: 'promote', steps: '20,40,60,80', 'promote-to': '80' },
    again: { ...LATER, weights: 'v1=20,v2=80' },
    // A rollout to its end would skip steps, and the history would tell.
    other: { ...LATER, operation: 'promote', steps: '20,40,60,80', 'promote-to': '80' },
    served: true,
  },
  {
    name: 'rollback',
    lead: async (ground) => {
      await installed(ground);
      await ground.pass(step);
      return undefined;
    },
    inputs: { ...LATER, operation: 'rollback' },
    weights: [NEXT, FIRST],
    rerun: { ...LATER, operation: 'rollback' },
    again: { ...LATER, operation: 'rollback', weights: FIRST },
    served: true,
  },
  {
    name: 'automatic-rollback',
    lead: async (ground) => {
      await ground.pass({ ...QUICK, ...CERTAIN, ...worse, weights: 'v1=100,v2=0' });
      await addBystanders(ground);
      return undefined;
    },
    inputs: { ...LATER, ...SURE, weights: 'v1=50,v2=50', 'on-failure': 'rollback' },
    code: 1,
    weights: ['v1=50,v2=50', 'v1=100,v2=0'],
    rerun: { ...LATER, ...SURE, ...CERTAIN, weights: 'v1=100,v2=0' },
    again: { ...LATER, ...SURE, ...CERTAIN, weights: 'v1=100,v2=0' },
    served: true,
    faulty: true,
  },
  {
    name: 'retire',
    lead: async (ground) => {
      await installed(ground);
      await ground.pass({ ...LATER, ...CERTAIN, weights: 'v1=0,v2=100' });
      return undefined;
    },
    inputs: { ...retire, ...CERTAIN },
    weights: ['v1=0,v2=100', 'v2=100'],
    rerun: { ...retire, ...CERTAIN },
    again: { ...retire, ...CERTAIN },
    served: true,
  },
  {
    name: 'post-step',
    lead: killedBetweenTheWrites,
    inputs: step,
    isPost: true,
    weights: [NEXT, FIRST],
    rerun: toFirst,
    again: toFirst,
    served: true,
  },
  {
    name: 'recovery',
    lead: async (ground) => {
      await killedBetweenTheWrites(ground);
      ground.expireLeases();
      return undefined;
    },
    inputs: step,
    weights: [FIRST, NEXT],
    rerun: step,
    again: step,
    served: true,
  },
];
