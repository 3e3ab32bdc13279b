import { z } from 'zod';
import { storedWeights } from '../../core/weights.ts';
import type { Weights } from '../../core/weights.ts';

export const INTENT_ANNOTATION = 'multicluster-canary/intent';

/** The format of the intents that this version writes and reads. An intent without a number is of the first. */
const FORMAT = 1;

/** What a transaction is about to do to the weights. */
export interface Aim {
  readonly target: Weights;
  /** undefined on a first install */
  readonly previous: Weights | undefined;
  /** `back`: the target is what the user flees to, and `previous` what they flee from. */
  readonly direction: 'forward' | 'back';
  /** The earlier weights recorded before the transaction, the latest last; undefined where the writer did not tell. */
  readonly history: readonly Weights[] | undefined;
}

/** Who a transaction belongs to. */
export interface Owner {
  /** Unlike that of every other transaction, also of the same run. */
  readonly transaction: string;
  /** The run, as the holder of the lease. */
  readonly holder: string;
  /** Where people find the run: its URL, or a description. */
  readonly run: string;
}

/** The aim of a transaction as the lease keeps it, so that another run can settle it should this one die. */
export interface Intent extends Aim, Owner {}

export type IntentState =
  | { readonly state: 'none' }
  | { readonly state: 'open'; readonly intent: Intent }
  /** Another version of the action, or a person, wrote what is not understood: it is neither obeyed nor overwritten. */
  | { readonly state: 'unreadable'; readonly text: string };

const schema = z.object({
  format: z.literal(FORMAT).optional(),
  target: storedWeights,
  previous: storedWeights.optional(),
  direction: z.enum(['forward', 'back']).default('forward'),
  history: z.array(storedWeights).optional(),
  run: z.string(),
  holder: z.string().optional(),
  transaction: z.string().optional(),
});

export function encodeIntent({ target, previous, direction, history, ...owner }: Intent): string {
  return JSON.stringify({
    format: FORMAT,
    target: Object.fromEntries(target),
    ...(previous === undefined ? {} : { previous: Object.fromEntries(previous) }),
    direction,
    ...(history === undefined ? {} : { history: history.map((weights) => Object.fromEntries(weights)) }),
    ...owner,
  });
}

/**
 * @param text of the annotation; undefined where there is none
 * @param owner of the lease; an intent that names no holder is theirs
 */
export function readIntent(text: string | undefined, owner: string): IntentState {
  if (text === undefined) return { state: 'none' };
  try {
    const { format: _, holder = owner, transaction = holder, ...rest } = schema.parse(JSON.parse(text));
    const { previous, history, ...known } = rest;
    return { state: 'open', intent: { ...known, previous, history, holder, transaction } };
  } catch {
    return { state: 'unreadable', text };
  }
}
