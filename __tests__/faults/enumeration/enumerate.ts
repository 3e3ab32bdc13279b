import pLimit from 'p-limit';
import type { TrafficApi } from '../../scenarios/support/traffic-api.ts';
import { random } from '../../support/random.ts';
import { textOf } from './calls.ts';
import { CHECKS, answered404Again } from './checks.ts';
import type { Fault } from './faults.ts';
import { Ground } from './ground.ts';
import type { Operation } from './operations.ts';
import { NotReached, begin, lead, tryCase } from './try-case.ts';
import type { Aftermath, Begun, Case } from './try-case.ts';

/** A fleet that did not answer for longer than this was not tried fairly. */
const LONGEST_STALL_MS = 1_500;

/** What became of one case. */
export interface Result {
  readonly operation: string;
  readonly api: TrafficApi;
  readonly fault: string;
  readonly call: string;
  readonly outcome: 'tried' | 'not reached' | 'not judged';
  readonly violations: readonly string[];
  /** How many requests were answered 404 again, since a first install had been undone. */
  readonly undone: number;
}

export interface EnumerationOptions {
  readonly operations: readonly Operation[];
  /** The kinds of object that hold the weights. */
  readonly apis: readonly TrafficApi[];
  readonly faults: readonly Fault[];
  /** A text that the name of the call contains. */
  readonly call?: string | undefined;
  /** Writes alone. */
  readonly writes?: boolean;
  /** How many cases are drawn; all without it. */
  readonly sample?: number | undefined;
  readonly seed: number;
  /** Fleets side by side. */
  readonly lanes: number;
  readonly onViolation: (text: string, logs: string, tried: Case) => void;
  readonly onProgress: (text: string) => void;
}

/** An operation on one kind of route, and the faults that its calls meet. */
interface Target {
  readonly operation: Operation;
  readonly api: TrafficApi;
  readonly faults: readonly Fault[];
}

/** Tries the faults at the calls of the operations. */
export async function enumerate(options: EnumerationOptions): Promise<readonly Result[]> {
  const { lanes, onProgress, sample } = options;
  const targets = targetsOf(options);
  // A sample is small: a fleet for each operation is enough, and takes the least time to prepare.
  const [sideBySide, each, share] =
    sample === undefined ? [1, lanes, undefined] : [lanes, 1, Math.ceil(sample / targets.length)];
  const limit = pLimit(sideBySide);
  const results = await limit.map(targets, async (target) => {
    const start = performance.now();
    const found = await enumerateOne(target, { ...options, sample: share, lanes: each });
    const bad = found.filter(({ violations }) => violations.length > 0).length;
    const seconds = String(Math.round((performance.now() - start) / 1000));
    onProgress(
      `${nameOf(target)}: ${String(found.length)} tried, ${String(bad)} with violations, ${seconds} s`,
    );
    return found;
  });
  return results.flat();
}

/** Every operation on each kind of route. A sample has each fault of an operation on one of them, in turn. */
function targetsOf({ operations, apis, faults, sample }: EnumerationOptions): readonly Target[] {
  return operations.flatMap((operation, nth) =>
    apis.map((api, index) => {
      const isDrawn = (_: Fault, number: number): boolean => (number + nth + index) % apis.length === 0;
      return { operation, api, faults: sample === undefined ? faults : faults.filter(isDrawn) };
    }),
  );
}

/** `retire by HTTPRoute` */
export function nameOf({
  operation,
  api,
}: {
  readonly operation: { readonly name: string };
  readonly api: TrafficApi;
}): string {
  return `${operation.name} by ${api}`;
}

async function enumerateOne(target: Target, options: EnumerationOptions): Promise<readonly Result[]> {
  const { operation, api } = target;
  const first = await Ground.open(api);
  const grounds = [first];
  try {
    const begun = await begin(first, operation);
    const cases = chosen(casesOf(begun, target, options), options);
    const total = cases.length;
    const results: Result[] = [];
    const work = async (ground: Ground, own: Begun): Promise<void> => {
      for (let next = cases.shift(); next !== undefined; next = cases.shift()) {
        results.push(await resultOf(ground, own, next, options));
        if (results.length % 50 === 0)
          options.onProgress(`${nameOf(target)}: ${String(results.length)} of ${String(total)}`);
      }
    };
    const others = Math.min(options.lanes, cases.length) - 1;
    await Promise.all([
      work(first, begun),
      ...Array.from({ length: Math.max(0, others) }, async () => {
        const ground = await Ground.open(api);
        grounds.push(ground);
        const state = await lead(ground, operation);
        await work(ground, { ...begun, state, before: ground.holdings() });
      }),
    ]);
    return results;
  } finally {
    await Promise.all(grounds.map((ground) => ground.close()));
  }
}

function casesOf(
  { calls }: Begun,
  { operation, faults }: Target,
  { call: wanted = '', writes = false }: EnumerationOptions,
): readonly Case[] {
  const all = calls.flatMap((call) =>
    faults.filter((fault) => fault.appliesTo(call)).map((fault) => ({ operation, fault, call })),
  );
  return all
    .map((one, number) => ({ ...one, number }))
    .filter(({ call }) => textOf(call).includes(wanted) && (call.write || !writes));
}

/**
 * In an order that the seed decides, so that cases which wait meet others which compute. A sample has every fault as often as any
 * other, as far as there are calls for it.
 */
function chosen(cases: readonly Case[], { sample, seed }: EnumerationOptions): Case[] {
  const draw = random(seed);
  const shuffled = cases
    .map((one) => ({ one, at: draw() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
  if (sample === undefined) return shuffled;
  const groups = [...Map.groupBy(shuffled, ({ fault }) => fault).values()];
  const rounds = shuffled.map((_, round) => groups.flatMap((group) => group[round] ?? []));
  return rounds.flat().slice(0, sample);
}

async function resultOf(
  ground: Ground,
  begun: Begun,
  tried: Case,
  { onViolation }: EnumerationOptions,
): Promise<Result> {
  const [operation, fault, call] = [tried.operation.name, tried.fault.name, textOf(tried.call)];
  const { api } = ground;
  const where = { operation, api, fault, call };
  const title = `${nameOf({ operation: tried.operation, api })}, ${fault}, at ${call}`;
  try {
    const aftermath = await tryCase(ground, begun, tried);
    const violations = CHECKS.flatMap((check) =>
      check.violations(aftermath).map((what) => `${check.rule}: ${what}`),
    );
    // What a machine without time did to all clusters at once says nothing about the action.
    if (violations.length > 0 && aftermath.stalledMs > LONGEST_STALL_MS)
      return { ...where, outcome: 'not judged', violations: [], undone: 0 };
    if (violations.length > 0) {
      const repeat = `npm run faults -- --operation ${operation} --api ${api} --fault ${fault} --call '${call}' --logs`;
      onViolation(
        [`✗ ${title}`, ...violations.map((one) => `  ${one}`), `  ${repeat}`].join('\n'),
        logsOf(aftermath),
        tried,
      );
    }
    return {
      ...where,
      outcome: 'tried',
      violations,
      undone: answered404Again(aftermath).length,
    };
  } catch (error) {
    if (error instanceof NotReached) return { ...where, outcome: 'not reached', violations: [], undone: 0 };
    throw new Error(title, { cause: error });
  }
}

function logsOf({ main, post, others, reruns }: Aftermath): string {
  const runs = [
    ['run', main] as const,
    ...(post === undefined ? [] : [['post step', post] as const]),
    ...others.map((run) => ['other run', run] as const),
    ...(reruns?.runs ?? []).map((run) => ['rerun', run] as const),
    ...(reruns === undefined ? [] : [['run after it', reruns.last] as const]),
  ];
  return runs.map(([name, { code, log }]) => `---- ${name} (${String(code)})\n${log}`).join('\n');
}
