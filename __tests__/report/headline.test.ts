import { describe, expect, test } from '@jest/globals';
import { headlineOf } from '../../src/report/headline.ts';
import { newJournal } from '../../src/report/record.ts';
import type { RunRecord, Step } from '../../src/report/record.ts';
import { evidence } from '../support/evidence.ts';
import { change } from '../support/record.ts';
import { WEST, weights } from '../support/release.ts';

const of = (rest: Partial<RunRecord>): ReturnType<typeof headlineOf> =>
  headlineOf({ ...newJournal('rollout', 'hello', 'demo'), ...rest });
const drifted = evidence({
  cluster: WEST,
  verdict: 'fail',
  reason: 'the shares are not the weights (1000 samples)',
  counts: weights({ v1: 500, v2: 500 }),
});
const ASKED = weights({ v1: 80, v2: 20 });
const EARLIER = weights({ v1: 100, v2: 0 });
const step = (direction: Step['direction']): Step => ({ at: 1, weights: ASKED, direction });

describe('the verdict in one sentence', () => {
  test.each<[string, Partial<RunRecord>, string]>([
    [
      'a pass',
      { verdict: 'pass', evidence: [evidence(), evidence({ cluster: WEST })] },
      'Users get v1 80 %, v2 20 % through the ingresses of east and west: 2,000 samples show it.',
    ],
    [
      'a drift',
      { verdict: 'fail', evidence: [evidence(), drifted] },
      'v1 80 %, v2 20 % was asked for. Through west users get v1 50.0 %, v2 50.0 %: the shares are not the weights (1000 samples).',
    ],
    [
      'a drift at several ingresses',
      { verdict: 'fail', evidence: [drifted, drifted, drifted] },
      'v1 80 %, v2 20 % was asked for. Through west users get v1 50.0 %, v2 50.0 %: the shares are not the weights (1000 samples). The check fails at 2 further ingresses, too.',
    ],
    [
      'an edit that no share shows',
      {
        verdict: 'fail',
        evidence: [evidence()],
        findings: [{ title: 'The route in west was changed', detail: '' }],
      },
      'v1 80 %, v2 20 % was asked for. The route in west was changed.',
    ],
    [
      'no decision',
      { verdict: 'inconclusive', evidence: [evidence({ verdict: 'inconclusive' })] },
      'Whether users get v1 80 %, v2 20 % could not be decided by 1,000 samples, and that is no pass.',
    ],
    ['an error', { failure: 'x' }, 'It ended before the shares were checked.'],
    [
      'a plan',
      { plan: { weights: ASKED, clusters: [], changes: [] } },
      'Nothing would change: every cluster holds what was asked for.',
    ],
  ])('%s', (_what, record, sentence) => {
    expect(of(record).sentence).toBe(sentence);
  });
});

describe('after a run that did not pass it is told which weights users have', () => {
  const failed = { verdict: 'fail', failure: 'x', evidence: [drifted], weights: ASKED } as const;
  test.each<[string, Partial<RunRecord>, string]>([
    [
      'where they were given back',
      { steps: [step('forward'), step('back')] },
      'Users are back on the earlier weights, v1 80 %, v2 20 %: nothing is urgent.',
    ],
    [
      'where they stay',
      { steps: [step('forward')], previous: EARLIER },
      'The routes still hold v1 80 %, v2 20 %. The operation rollback goes back to v1=100,v2=0.',
    ],
    [
      'where they stay and there are no earlier ones',
      { steps: [step('forward')], previous: undefined },
      'The routes still hold v1 80 %, v2 20 %.',
    ],
    [
      'where one cluster was left to someone else',
      {
        steps: [step('forward'), step('back')],
        weights: undefined,
        remains: ['west holds v1=100,v2=0: it was left.', 'east holds v1=80,v2=20.'],
      },
      'The clusters do not all hold the same weights. west holds v1=100,v2=0: it was left. east holds v1=80,v2=20. Nothing else is done about it: look at it (operation status), and bring all clusters to the same weights (operation rollback, with the input weights).',
    ],
    [
      'where a cluster could not be put back',
      { weights: undefined, settled: false, remains: ['east could not be put back.'] },
      'The clusters do not all hold the same weights. east could not be put back. The post step of this job, or else the next run, brings them together.',
    ],
    [
      'where a workload was not given back with them',
      { steps: [step('forward'), step('back')], remains: ['Deployment demo/hello-v2 in west runs b.'] },
      'Users are back on the earlier weights, v1 80 %, v2 20 %. Deployment demo/hello-v2 in west runs b.',
    ],
    ['where nothing was written', {}, 'Nothing was written; the routes hold v1 80 %, v2 20 %.'],
    [
      'where no weights were written',
      { changes: [change()] },
      'The weights stayed as they were, v1 80 %, v2 20 %; what else was written is listed below.',
    ],
  ])('%s', (_what, record, standing) => {
    expect(of({ ...failed, ...record }).standing).toBe(standing);
  });
});

describe('what to do next', () => {
  test.each<[string, Partial<RunRecord>, string | undefined]>([
    [
      'the next step',
      { verdict: 'pass', next: weights({ v1: 50, v2: 50 }) },
      'Go on to the next step, v1=50,v2=50 (operation promote).',
    ],
    [
      'to retire',
      { verdict: 'pass', complete: true, weights: weights({ v1: 0, v2: 100 }) },
      'The release is complete. Once nobody needs v1, retire it (operation retire, version v1).',
    ],
    ['nothing', { verdict: 'pass', weights: ASKED }, undefined],
    [
      'to mend the cause',
      { verdict: 'fail', findings: [{ title: '', detail: '' }] },
      'Mend the likely cause, then run the same step again.',
    ],
  ])('%s', (_what, record, next) => {
    expect(of(record).next).toBe(next);
  });
});
