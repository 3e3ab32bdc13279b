import type { Pieces } from '../core/pieces.ts';
import { balancing } from './causes/balancing.ts';
import { errors } from './causes/errors.ts';
import { oncePerTitle } from '../texts/texts.ts';
import type { Finding } from './finding.ts';
import type { Snapshot } from './snapshot.ts';
import { newerRevisions, staleReplicas } from './causes/revisions.ts';
import { subsetsNotFound, noReadyPods, noSidecar, wrongPods } from './causes/pods.ts';
import {
  nothingWeighted,
  otherRules,
  otherVirtualServices,
  routeNotInForce,
  versionServices,
} from './causes/http-routes.ts';
import { otherRoutes, unclearMarks } from './causes/routes.ts';
import { disagreement, edits, otherWeights } from './causes/weights.ts';

/** The causes to look for, the likeliest first. */
const CAUSES: readonly ((snapshot: Snapshot) => readonly Finding[])[] = [
  newerRevisions,
  edits,
  disagreement,
  otherWeights,
  routeNotInForce,
  versionServices,
  nothingWeighted,
  unclearMarks,
  otherRules,
  otherVirtualServices,
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
 * Why the shares differ from the weights: the likeliest cause first, each with its evidence. Of causes with one title, the last has the most evidence. Empty if no known cause explains it.
 */
export function* diagnose(snapshot: Snapshot): Pieces<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const cause of CAUSES) {
    findings.push(...cause(snapshot));
    yield;
  }
  return oncePerTitle(findings);
}
