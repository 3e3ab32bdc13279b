import { count } from '../../core/plural.ts';
import { formatWeights } from '../../core/weights.ts';
import type { CommitStatusTexts } from '../catalogue/commit-status.ts';

export const commitStatus: CommitStatusTexts = {
  pending: (operation) => `${operation} is in progress`,
  failed: ({ operation, sentences }) => `${operation}: ${sentences.join(' ')}`,
  titled: ({ operation, title, weights }) => `${operation}: ${title}: ${weights}`,
  done: ({ operation, weights }) =>
    `${operation}: done${weights === undefined ? '' : `; weights: ${weights}`}`,
  ended: ({ operation, harms, outcome, weights }) =>
    `${operation}: ${[...harms, outcome].join(' ')}; weights: ${weights}`,
  unverified: ({ operation, title, weights }) => `${operation}: ${title}; weights: ${weights}`,
  fail: ({ operation, harms, title, weights }) =>
    `${operation}: ${[...harms, `fail, ${title}`].join(' ')}; weights: ${weights}`,
  planEmpty: (weights) => `plan: no changes; weights: ${weights}`,
  plan: ({ changes, clusters, unchecked, from, to }) =>
    `plan: ${count(changes, 'change')} in ${count(clusters, 'cluster')}${unchecked ? ' (not checked by any API server)' : ''}, ${from} → ${formatWeights(to)}`,
};
