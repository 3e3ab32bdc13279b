import type { CommitStatusTexts } from '../catalogue/commit-status.ts';

export const commitStatus: CommitStatusTexts = {
  pending: (operation) => `${operation} is in progress`,
  failed: ({ operation, sentences }) => `${operation}: ${sentences.join(' ')}`,
  titled: ({ operation, title, weights }) => `${operation}: ${title}: ${weights}`,
  ended: ({ operation, harms, line }) => `${operation}: ${[...harms, line].join(' ')}`,
};
