/**
 * The states of a transaction, from the moment its lock is acquired, and what leads from one to another. docs/transaction.md shows
 * them as a diagram.
 *
 * - `inherited`: the Leases still hold the intent of an earlier transaction that did not finish; this one has begun nothing.
 * - `consistent`: nothing is left to undo: all clusters agree, or somebody else has taken the weights into their hands.
 * - `writing`: some clusters may hold what others do not.
 * - `inconsistent`: a cluster could be neither written nor reverted. The post step takes the transaction up from here.
 * - `lost`: another run has taken over the lock, and recovers what this one began.
 */
export const TRANSITIONS = {
  inherited: {
    'earlier change recovered': 'consistent',
    'earlier change overruled': 'consistent',
    'intent updated': 'consistent',
    'lock lost': 'lost',
  },
  consistent: {
    'intent updated': 'consistent',
    'write begun': 'writing',
    'rollback failed': 'inconsistent',
    'lock lost': 'lost',
  },
  writing: {
    'written everywhere': 'consistent',
    'reverted everywhere': 'consistent',
    'revert failed': 'inconsistent',
    'rollback failed': 'inconsistent',
    'lock lost': 'lost',
  },
  inconsistent: {
    'earlier change recovered': 'consistent',
    'earlier change overruled': 'consistent',
    'rollback failed': 'inconsistent',
    'lock lost': 'lost',
  },
  lost: {},
} as const;

export type TransactionState = keyof typeof TRANSITIONS;

type EventOf<S extends TransactionState> = keyof (typeof TRANSITIONS)[S];
export type TransactionEvent = { [S in TransactionState]: EventOf<S> }[TransactionState];

/**
 * What a transaction leaves in its Leases, by the state in which it ends. Nobody chooses it: an intent stays exactly as long as its
 * outcome is open.
 *
 * - `ended`: the name of the transaction, which voids its intent wherever a cluster could not be told
 * - `open intent`: its intent, for the post step or the next run
 * - `as found`: what it found, be that nothing or the intent of an earlier transaction
 */
export type ReleaseMode = 'ended' | 'open intent' | 'as found';

export const RELEASE: Readonly<Record<TransactionState, ReleaseMode>> = {
  inherited: 'as found',
  consistent: 'ended',
  // The work was broken off by what no one expected: nobody knows what the clusters hold.
  writing: 'open intent',
  inconsistent: 'open intent',
  lost: 'open intent',
};

/**
 * The state after an event. A lost lock is final.
 *
 * @throws Error where the state does not know the event, which is a defect
 */
export function after(state: TransactionState, event: TransactionEvent): TransactionState {
  if (state === 'lost') return state;
  const transitions: Partial<Readonly<Record<TransactionEvent, TransactionState>>> = TRANSITIONS[state];
  const next = transitions[event];
  if (next === undefined) throw new Error(`A transaction that is ${state} knows no event "${event}"`);
  return next;
}
