import type { CommitStatusTexts } from '../catalogue/commit-status.ts';
import { formats } from './formats.ts';

export const commitStatus: CommitStatusTexts = {
  pending: (operation) => `${operation} 正在执行`,
  failed: ({ operation, sentences }) => `${operation}：${formats.sentences(sentences)}`,
  titled: ({ operation, title, weights }) => `${operation}：${title}：${weights}`,
  ended: ({ operation, harms, line }) => `${operation}：${formats.sentences([...harms, line])}`,
};
