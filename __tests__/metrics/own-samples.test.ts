import { expect, test } from '@jest/globals';
import { inEnglish } from '../../src/texts/texts.ts';
import { withOwnSamples } from '../../src/metrics/own-samples.ts';
import { metricEvidence } from '../support/metrics.ts';

const notesWith = (samples: number, given: Parameters<typeof metricEvidence>[0] = {}): readonly string[] =>
  withOwnSamples([metricEvidence(given)], samples).flatMap(({ notes }) => notes.map(inEnglish));

test('counted requests that may be samples are not called those of users', () => {
  expect(notesWith(0)).toEqual([]);
  expect(notesWith(3000)).toEqual(['Up to 3,000 of these requests may be samples of this check.']);
  expect(notesWith(6004)).toEqual([
    'No more requests were counted than this check sampled, so there may have been no users.',
  ]);
});

test('values, and counters that stood still, say nothing of samples', () => {
  expect(notesWith(3000, { kind: 'limit', versions: [] })).toEqual([]);
  expect(notesWith(3000, { versions: [{ version: 'v1', requests: 0, hits: 0, weight: 100 }] })).toEqual([]);
});
