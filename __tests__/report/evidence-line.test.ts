import { describe, expect, test } from '@jest/globals';
import { evidenceLine } from '../../src/report/evidence-line.ts';
import { evidence } from '../support/evidence.ts';

describe('the log line of an ingress', () => {
  test('has shares, weights, samples and seconds', () => {
    expect(evidenceLine(evidence())).toBe(
      'east: v1 80.2% (weight 80%), v2 19.8% (weight 20%), 1,000 samples in 10.0 s',
    );
  });

  test('has failed requests and responses under another revision if there are any', () => {
    expect(
      evidenceLine(evidence({ errors: new Map([['status 503', 2]]), stale: new Map([['3', 4]]) })),
    ).toMatch(/, 2 failed, 4 under another revision$/);
  });
});
