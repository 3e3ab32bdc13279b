import { theInput, thisMachine } from '../../core/wording.ts';
import { formatCount } from '../../core/plural.ts';
import type { FailureTexts } from '../catalogue/verdicts.ts';
import { failureInWords } from '../failures.ts';

const words: Pick<FailureTexts, 'known' | 'status' | 'statusWithoutVersion'> = {
  known: {
    'no response in time': 'no response in time',
    'connection refused': 'connection refused',
    'connection cut': 'connection cut',
    'no connection in time': 'no connection in time',
    'response cut off': 'response cut off',
    'no version in the response': 'no version in the response',
  },
  status: (status) => `status ${status}`,
  statusWithoutVersion: (status) => `status ${status} without a version`,
};

export const failures: FailureTexts = {
  ...words,
  kinds: (kinds) =>
    [...kinds].map(([kind, count]) => `${formatCount(count)} × ${failureInWords(kind, words)}`).join(', '),
  portForward: (cluster) =>
    `If ${thisMachine()} cannot reach that address, set ${theInput('ingress')} to ${cluster}=port-forward: it reaches the gateway's pods through the API server, and takes get and create on pods/portforward.`,
};
