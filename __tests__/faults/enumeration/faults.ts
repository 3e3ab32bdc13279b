import type { ApiCall, CallAction } from '../../../testbed/embedded/start.ts';
import type { NamedCall } from './calls.ts';

/** What a fault can do where it strikes. */
export interface Scene {
  /** The call that it struck. */
  readonly target: ApiCall;
  /** Numbers the cases of an operation: what varies, varies with it. */
  readonly number: number;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Renews the login of a cluster's user. */
  readonly renewLogin: (cluster: string) => void;
  /** Starts another run, and waits until it has ended, or waits for the lock. */
  readonly otherRun: () => Promise<unknown>;
}

/** A fault that one call of a run meets. */
export interface Fault {
  readonly name: string;
  readonly appliesTo: (call: NamedCall) => boolean;
  /** @param attempt from 1: the same call may be made again */
  readonly strike: (scene: Scene, attempt: number) => CallAction | undefined;
  /** What happens to the later calls of the run. */
  readonly later?: (scene: Scene, call: ApiCall) => CallAction | undefined;
  /** What the post step of the run meets: nothing, unless it says so. */
  readonly post?: 'none' | 'killed' | 'as later';
  /** Whether the run cannot say anything any more. */
  readonly isFatal?: true;
  /** Users of the kubeconfig log in by a command. */
  readonly logsIn?: true;
  /** By how many minutes the clock of the run is wrong. */
  readonly clock?: number;
}

const any = (): boolean => true;
const writes = ({ write }: NamedCall): boolean => write;
/** A read that fails for the moment is attempted again by one piece of code: each read meets one of these failures, in turn. */
const TRANSIENT = ['500', '503', 'cut', 'malformed', 'truncated'];
const transient =
  (name: string) =>
  ({ write, number }: NamedCall): boolean =>
    write || TRANSIENT[number % TRANSIENT.length] === name;
const admitted = (call: NamedCall): boolean => call.admitted;
const once =
  (action: CallAction) =>
  (_: Scene, attempt: number): CallAction | undefined =>
    attempt === 1 ? action : undefined;
const always = (action: CallAction) => (): CallAction => action;
const killed =
  (action: CallAction) =>
  ({ kill }: Scene): CallAction => {
    kill('SIGKILL');
    return action;
  };
const inSameCluster = ({ target }: Scene, { cluster }: ApiCall): boolean => cluster === target.cluster;
const UNAUTHORIZED: CallAction = { status: 401 };
const DOWN: CallAction = { status: 503, message: 'apiserver is shutting down' };
const DENIED = 'admission webhook "policy.example.com" denied the request: not today';

/** The faults that every call of an operation meets, one at a time. */
export const FAULTS: readonly Fault[] = [
  { name: 'kill-before', appliesTo: any, strike: killed('cut'), isFatal: true },
  { name: 'kill-after', appliesTo: writes, strike: killed('cut-after'), isFatal: true },
  { name: 'kill-without-post', appliesTo: writes, strike: killed('cut-after'), isFatal: true, post: 'none' },
  {
    name: 'kill-then-kill-post',
    appliesTo: writes,
    strike: killed('cut-after'),
    isFatal: true,
    post: 'killed',
  },
  {
    name: 'sigterm-sigkill',
    appliesTo: any,
    strike: ({ kill, number }, attempt) => {
      if (attempt > 1) return undefined;
      kill('SIGTERM');
      setTimeout(kill, 25 * (1 + (number % 16)), 'SIGKILL').unref();
      return undefined;
    },
    isFatal: true,
  },
  { name: '409', appliesTo: any, strike: once({ status: 409 }) },
  { name: '429', appliesTo: any, strike: once({ status: 429, retryAfter: 1 }) },
  { name: '500', appliesTo: transient('500'), strike: once({ status: 500 }) },
  { name: '503', appliesTo: transient('503'), strike: once({ status: 503 }) },
  {
    name: '503-from-there',
    appliesTo: any,
    strike: always(DOWN),
    later: (scene, call) => (inSameCluster(scene, call) ? DOWN : undefined),
  },
  { name: 'refused-403', appliesTo: admitted, strike: always({ status: 403, message: DENIED }) },
  {
    name: 'refused-400',
    appliesTo: admitted,
    strike: always({ status: 400, reason: 'BadRequest', message: DENIED }),
  },
  { name: 'malformed', appliesTo: transient('malformed'), strike: once('malformed') },
  { name: 'cut', appliesTo: transient('cut'), strike: once('cut') },
  { name: 'lost', appliesTo: writes, strike: once('cut-after') },
  { name: 'garbled', appliesTo: writes, strike: once('garbled') },
  { name: 'truncated', appliesTo: transient('truncated'), strike: once('truncated') },
  { name: 'hang', appliesTo: any, strike: once('hang') },
  {
    name: 'token-renewed',
    appliesTo: any,
    logsIn: true,
    strike: ({ renewLogin, target }, attempt) => {
      if (attempt > 1) return undefined;
      renewLogin(target.cluster);
      return UNAUTHORIZED;
    },
    later: ({ target }, { cluster, token }) =>
      cluster === target.cluster && token === target.token ? UNAUTHORIZED : undefined,
  },
  {
    name: 'token-ends',
    appliesTo: any,
    strike: always(UNAUTHORIZED),
    later: (scene, call) => (inSameCluster(scene, call) ? UNAUTHORIZED : undefined),
    post: 'as later',
  },
  { name: 'stale-list', appliesTo: ({ list }) => list, strike: once('stale') },
  {
    name: 'clock-ahead-killed',
    appliesTo: writes,
    strike: killed('cut-after'),
    isFatal: true,
    post: 'none',
    clock: 10,
  },
  {
    name: 'clock-behind-killed',
    appliesTo: writes,
    strike: killed('cut-after'),
    isFatal: true,
    post: 'none',
    clock: -10,
  },
  ...[10, -10].map((minutes): Fault => ({
    name: minutes > 0 ? 'clock-ahead-other-run' : 'clock-behind-other-run',
    appliesTo: writes,
    strike: ({ otherRun }, attempt) => (attempt === 1 ? { after: otherRun() } : undefined),
    clock: minutes,
  })),
];
