import type { OutcomeTexts } from '../catalogue/outcomes.ts';

export const outcomes: OutcomeTexts = {
  labels: {
    pass: 'Pass',
    done: 'Done',
    unverified: 'Not verified',
    ambiguous: 'Routes not chosen',
    diverged: 'Different weights',
    fail: 'Fail',
    failed: 'Failed',
    inconclusive: 'Inconclusive',
  },
  verdicts: {
    pass: 'pass',
    fail: 'fail',
    inconclusive: 'inconclusive',
    undecided: 'undecided',
    'not applicable': 'not applicable',
  },
};
