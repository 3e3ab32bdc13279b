import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ApiCall, CallAction } from '../../../testbed/embedded/start.ts';
import type { LoadReport } from '../../../testbed/load.ts';
import type { RunOptions, RunningAction } from '../../../testbed/run-action.ts';
import { callNames, whatOf } from './calls.ts';
import type { NamedCall } from './calls.ts';
import type { Fault, Scene } from './faults.ts';
import type { Ground, Inputs, WatchedRun } from './ground.ts';
import { describeWeights, fingerprint, normalWeights } from './holdings.ts';
import type { Holdings } from './holdings.ts';
import type { Operation } from './operations.ts';
import { watchRoutes } from './undone-installs.ts';
import type { Turns } from './undone-installs.ts';

export interface Case {
  readonly operation: Operation;
  readonly fault: Fault;
  readonly call: NamedCall;
  /** Numbers the cases of an operation. */
  readonly number: number;
}

/** An operation ready to be tried, as nothing has disturbed it. */
export interface Begun {
  readonly operation: Operation;
  readonly state: WatchedRun['state'] | undefined;
  readonly calls: readonly NamedCall[];
  readonly before: Holdings;
  /** What the clusters hold once it is done. */
  readonly done: Holdings;
  /** What became of reruns, by what they found. */
  readonly reruns: Map<string, Promise<Reruns>>;
}

/** What a rerun did, and the run after it. */
export interface Reruns {
  readonly runs: readonly WatchedRun[];
  readonly last: WatchedRun;
  readonly after: Holdings;
  readonly users: LoadReport;
}

/** What became of one case. */
export interface Aftermath {
  readonly tried: Case;
  readonly begun: Begun;
  readonly main: WatchedRun;
  readonly post: WatchedRun | undefined;
  readonly others: readonly WatchedRun[];
  readonly afterMain: Holdings;
  readonly afterPost: Holdings;
  readonly users: LoadReport;
  /** When each cluster had a route for users. */
  readonly turns: Turns;
  /** undefined where the clusters hold what they held before, so that a rerun is the undisturbed run */
  readonly reruns: Reruns | undefined;
  /** For how long the process of the fleets stood still: no API server and no gateway answered. */
  readonly stalledMs: number;
}

/** The call at which a fault was to strike did not come. */
export class NotReached extends Error {
  override readonly name = 'NotReached';
}

/** Brings a fleet to where an operation begins, and runs it once without a fault. */
export async function begin(ground: Ground, operation: Operation): Promise<Begun> {
  const state = await lead(ground, operation);
  const before = ground.holdings();
  const run = await runOf(ground, operation, state);
  if (run.code !== (operation.code ?? 0))
    throw new Error(`${operation.name} failed without a fault:\n${run.log}`);
  const { rerun, again, weights } = operation;
  if (!agreeOn(ground.holdings(), weights.at(-1))) await ground.pass(rerun);
  await ground.pass(again);
  const done = ground.holdings();
  if (!agreeOn(done, weights.at(-1))) throw new Error(`${operation.name} led to ${describeWeights(done)}`);
  return { operation, state, calls: run.calls.map(callNames()), before, done, reruns: new Map() };
}

/** Brings a fleet to where an operation begins. @returns the state of a run that was killed there, if one was */
export async function lead(ground: Ground, operation: Operation): Promise<Begun['state']> {
  await ground.empty();
  const state = await operation.lead(ground);
  ground.keep();
  return state;
}

export function agreeOn({ clusters }: Holdings, weights: string | undefined): boolean {
  return weights !== undefined && clusters.every((one) => one.weights === normalWeights(weights));
}

/** Tries one case, and all that follows. @throws NotReached */
export async function tryCase(ground: Ground, begun: Begun, tried: Case): Promise<Aftermath> {
  const { operation } = tried;
  const lag = monitorEventLoopDelay();
  lag.enable();
  await ground.rewind();
  const turns = watchRoutes(ground);
  await ground.letUsersIn(operation.served, operation.faulty ?? false);
  const stage = await strike(ground, begun, tried);
  const { main, post, others, afterMain } = stage;
  const afterPost = ground.holdings();
  const users = await ground.sendUsersHome();
  const seen = turns();
  if (!stage.isReached) throw new NotReached(`It was not reached:\n${main.log}`);
  const print = fingerprint(afterPost);
  let reruns: Promise<Reruns> | undefined;
  if (print !== fingerprint(begun.before)) {
    reruns = begun.reruns.get(print) ?? runAgain(ground, operation, afterPost);
    begun.reruns.set(print, reruns);
  }
  const after = await reruns;
  lag.disable();
  return {
    tried,
    begun,
    main,
    post,
    others,
    afterMain,
    afterPost,
    users,
    turns: seen,
    reruns: after,
    stalledMs: lag.max / 1e6,
  };
}

interface Stage {
  readonly main: WatchedRun;
  readonly post: WatchedRun | undefined;
  readonly others: readonly WatchedRun[];
  readonly afterMain: Holdings;
  readonly isReached: boolean;
}

/** Runs the operation with the fault, and its post step. */
async function strike(
  ground: Ground,
  begun: Begun,
  { operation, fault, call, number }: Case,
): Promise<Stage> {
  let process: RunningAction | undefined;
  const login = fault.logsIn === true ? ground.withLogins() : undefined;
  const others: Promise<WatchedRun>[] = [];
  const nameOf = callNames();
  let scene: Scene | undefined;
  let attempts = 0;
  const handler = (made: ApiCall): CallAction | undefined => {
    const { what, nth } = nameOf(made);
    if (scene === undefined) {
      if (what !== call.what || nth !== call.nth) return undefined;
      scene = {
        target: made,
        number,
        kill: (signal) => process?.kill(signal),
        renewLogin: (cluster) => login?.renew(cluster),
        otherRun: async () => {
          const { ended, waits } = otherRun(ground, operation.other ?? operation.again);
          others.push(ended);
          await Promise.race([ended, waits]);
        },
      };
    }
    if (sameCall(scene.target, made)) {
      attempts += 1;
      const action = fault.strike(scene, attempts);
      if (action !== undefined) return action;
    }
    return fault.later?.(scene, made);
  };
  const options: RunOptions = {
    onStart: (started) => {
      process = started;
    },
    env: fault.clock === undefined ? {} : { NODE_OPTIONS: withClock(fault.clock) },
  };
  const inputs =
    login === undefined ? operation.inputs : { ...operation.inputs, kubeconfig: login.kubeconfig };
  const main = await ground.during(handler, () => runOf(ground, operation, begun.state, { inputs, options }));
  const afterMain = ground.holdings();
  const later = (made: ApiCall): CallAction | undefined =>
    scene === undefined || fault.post !== 'as later' ? undefined : fault.later?.(scene, made);
  const post =
    scene === undefined || fault.post === 'none' || operation.isPost === true || isAllDone(main)
      ? undefined
      : await ground.during(later, () =>
          fault.post === 'killed'
            ? killedPost(ground, main, inputs, number)
            : ground.run(inputs, { postOf: main.state }),
        );
  return { main, post, others: await Promise.all(others), afterMain, isReached: scene !== undefined };
}

function runOf(
  ground: Ground,
  operation: Operation,
  state: Begun['state'],
  {
    inputs = operation.inputs,
    options = {},
  }: { readonly inputs?: Inputs; readonly options?: RunOptions } = {},
): Promise<WatchedRun> {
  const isPost = operation.isPost === true && state !== undefined;
  return ground.run(inputs, { ...options, ...(isPost ? { postOf: state } : {}) });
}

/** The post step has nothing to do, and ends at once. */
function isAllDone({ state }: WatchedRun): boolean {
  return state['holder'] === undefined || (state['recovered'] === 'true' && state['announced'] === 'true');
}

/** A post step that is killed at one of its calls. */
async function killedPost(
  ground: Ground,
  { state }: WatchedRun,
  inputs: Inputs,
  number: number,
): Promise<WatchedRun> {
  let process: RunningAction | undefined;
  let calls = 0;
  const at = 1 + (number % 24);
  return ground.during(
    () => {
      calls += 1;
      if (calls !== at) return undefined;
      process?.kill('SIGKILL');
      return number % 2 === 0 ? 'cut' : 'cut-after';
    },
    () =>
      ground.run(inputs, {
        postOf: state,
        onStart: (started) => {
          process = started;
        },
      }),
  );
}

function otherRun(
  ground: Ground,
  inputs: Inputs,
): { readonly ended: Promise<WatchedRun>; readonly waits: Promise<void> } {
  let ended: Promise<WatchedRun> | undefined;
  const waits = new Promise<void>((resolve) => {
    ended = ground.run(inputs, {
      onLog: (text) => {
        if (text.includes('waiting for it')) resolve();
      },
    });
  });
  return { ended: ended ?? Promise.reject(new Error('The other run did not start.')), waits };
}

/** Runs the operation again until it is done, and then once more. */
async function runAgain(
  ground: Ground,
  { rerun, again, weights, faulty }: Operation,
  found: Holdings,
): Promise<Reruns> {
  const runs: WatchedRun[] = [];
  if (found.clusters.some(({ holder }) => holder !== '')) ground.expireLeases();
  await ground.letUsersIn(false, faulty ?? false);
  // A promotion that has arrived would go on to the next step.
  runs.push(await ground.run(agreeOn(found, weights.at(-1)) ? again : rerun));
  const last = await ground.run(again);
  const after = ground.holdings();
  return { runs, last, after, users: await ground.sendUsersHome() };
}

/** Whether two calls are attempts at the same one. */
function sameCall(a: ApiCall, b: ApiCall): boolean {
  return whatOf(a) === whatOf(b) && JSON.stringify(a.body) === JSON.stringify(b.body);
}

/** Options of Node for a process whose clock is wrong. */
function withClock(minutes: number): string {
  const ms = String(60_000 * minutes);
  const code = `const D=Date;globalThis.Date=class extends D{constructor(...a){super(...(a.length===0?[D.now()+${ms}]:a))}static now(){return D.now()+${ms}}}`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
}
