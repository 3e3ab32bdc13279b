import { balancing } from './causes/balancing.ts';
import { errors } from './causes/errors.ts';
import type { Snapshot, Finding } from './snapshot.ts';
import { newerRevisions, staleReplicas } from './causes/gateways.ts';
import { subsetsNotFound, noReadyPods, noSidecar, wrongPods } from './causes/pods.ts';
import { otherRoutes } from './causes/routes.ts';
import { disagreement, edits, otherWeights } from './causes/weights.ts';

export type { Snapshot, Finding } from './snapshot.ts';

/** The causes that are looked for, the likeliest first. */
const CAUSES: readonly ((facts: Snapshot) => readonly Finding[])[] = [
  newerRevisions,
  edits,
  disagreement,
  otherWeights,
  otherRoutes,
  subsetsNotFound,
  wrongPods,
  noReadyPods,
  noSidecar,
  staleReplicas,
  balancing,
  errors,
];

/**
 * Why the shares are not the weights: the likeliest cause first, each with its evidence. Pure: works on what was read
 * and sampled. Empty where nothing known explains it.
 */
export function diagnose(facts: Snapshot): readonly Finding[] {
  return CAUSES.flatMap((cause) => cause(facts));
}
