import type { ClusterName } from '../core/names.ts';
import type { Message } from '../texts/message.ts';
import { distinctMessages } from '../texts/texts.ts';
import { sameWeights } from '../core/weights.ts';
import type { Weights } from '../core/weights.ts';
import { atOnce, withPauses } from '../core/pieces.ts';
import type { Pieces } from '../core/pieces.ts';
import { comparing } from './difference.ts';
import type { RecordedChange } from './run-record.ts';

/** The effect of a whole run on one object. */
export interface NetChange {
  readonly cluster: ClusterName;
  /** `VirtualService gray-demo/helloworld` */
  readonly object: string;
  /** Distinct reasons of the writes, in order. */
  readonly reasons: readonly Message[];
  readonly writes: readonly RecordedChange[];
  /** YAML before the first write and after the last one; undefined if the object did not exist. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A change with what shows it. */
export interface ComparedChange extends NetChange {
  /** With a few lines around each change. */
  readonly difference: string;
  /** With all of the object. */
  readonly whole: string;
}

/** What a whole run did to an object. */
export function effectOf({
  before,
  after,
}: Pick<NetChange, 'before' | 'after'>): 'created' | 'changed' | 'deleted' | 'unchanged' {
  if (before === after) return 'unchanged';
  if (before === undefined) return 'created';
  return after === undefined ? 'deleted' : 'changed';
}

const known = new WeakMap<readonly RecordedChange[], readonly ComparedChange[]>();

/** The objects that were written, in the order of their first writes, with what shows their change. */
export function comparedChanges(changes: readonly RecordedChange[]): readonly ComparedChange[] {
  return known.get(changes) ?? netChanges(changes).map((change) => atOnce(compared(change)));
}

/** Does the work of `comparedChanges` ahead, once for all that show these changes. @param pause between two differences */
export async function compareChanges(
  changes: readonly RecordedChange[],
  pause: () => Promise<void>,
): Promise<void> {
  const all: ComparedChange[] = [];
  for (const change of netChanges(changes)) {
    all.push(await withPauses(compared(change), pause));
    await pause();
  }
  known.set(changes, all);
}

function* compared(change: NetChange): Pieces<ComparedChange> {
  const { object, before, after } = change;
  const difference = yield* comparing(object, before, after);
  yield;
  return { ...change, difference, whole: yield* comparing(object, before, after, Infinity) };
}

/** The objects that were written, in the order of their first writes. */
function netChanges(changes: readonly RecordedChange[]): readonly NetChange[] {
  const groups = Map.groupBy(changes, ({ cluster, object }) => JSON.stringify([cluster, object]));
  return [...groups.values()].flatMap((writes) => {
    const [first] = writes;
    if (first === undefined) return [];
    const { cluster, object, before } = first;
    const reasons = distinctMessages(joinedSteps(writes.map(({ reason }) => reason)));
    return [{ cluster, object, reasons, writes, before, after: writes.at(-1)?.after }];
  });
}

/** Steps that follow each other are one reason: `weights v1=80,v2=20 → v1=50,v2=50 → v1=0,v2=100`. */
function joinedSteps(reasons: readonly Message[]): readonly Message[] {
  return reasons.reduce<readonly Message[]>((joined, next) => {
    const last = joined.at(-1);
    if (!isStep(last) || !isStep(next) || !sameWeights(last.after, next.before)) return [...joined, next];
    const between = [...(last.between ?? []), last.after];
    return [...joined.slice(0, -1), { ...last, between, after: next.after }];
  }, []);
}

type Step = Extract<Message, { kind: 'weightsSet' }> & { readonly before: Weights };

function isStep(reason: Message | undefined): reason is Step {
  return (
    reason?.kind === 'weightsSet' && reason.before !== undefined && !sameWeights(reason.before, reason.after)
  );
}
