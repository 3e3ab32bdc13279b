import { describe, expect, test } from '@jest/globals';
import { agreementOf } from '../../src/release/agreement.ts';
import type { Held } from '../../src/release/agreement.ts';
import { headlineOf } from '../../src/report/headline.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord, Step } from '../../src/report/run-record.ts';
import { evidence } from '../support/evidence.ts';
import { agreed, change, held } from '../support/record.ts';
import { EAST, WEST, weights } from '../support/release.ts';

const of = (rest: Partial<RunRecord>): ReturnType<typeof headlineOf> =>
  headlineOf({ ...emptyRecord('rollout', 'hello', 'demo'), ...rest });
const ASKED = weights({ v1: 80, v2: 20 });
const HALF = weights({ v1: 50, v2: 50 });
const EARLIER = weights({ v1: 100, v2: 0 });
const step = (direction: Step['direction'], to = ASKED): Step => ({ at: 1, weights: to, direction });
const drifted = evidence({
  cluster: WEST,
  verdict: 'fail',
  reason: 'the shares are not the weights (1000 samples)',
  counts: weights({ v1: 500, v2: 500 }),
});
/** Errors of v1 and of v2 among 1,000 samples at 80/20. */
const failing = (v1: number, v2: number): RunRecord['evidence'][number] =>
  evidence({
    verdict: 'fail',
    reason: `${String(v1 + v2)} of 1000 requests failed`,
    versions: new Map([
      ['v1', { errors: v1, latency: undefined }],
      ['v2', { errors: v2, latency: undefined }],
    ]),
    errors: new Map([['status 500', v1 + v2]]),
  });
const APART = held({ [EAST]: ASKED, [WEST]: HALF });
const UNSEEN = ['VirtualServices of other namespaces in east could not be listed.'];

describe('clusters that hold the same routes', () => {
  const text = 'different weights by route (route beta: v2=100; route main: v1=80,v2=20)';
  const open = [EAST, WEST].map((cluster): Held => ({
    cluster,
    place: cluster,
    kind: 'open',
    weights: undefined,
    text,
  }));

  test('do not differ because the inputs leave open which are meant', () => {
    expect(of({ operation: 'status', held: open })).toMatchObject({
      outcome: 'open',
      title: 'routes not chosen',
      sentence: `Several routes lead to the service, and none of them is chosen: east holds ${text}; west holds ${text}.`,
      next: 'Set the input routes to those that the release is to split.',
    });
    expect(agreementOf(open)).toBeUndefined();
  });

  test('are not said to differ where one could not be read', () => {
    const unread: Held = {
      cluster: WEST,
      place: WEST,
      kind: 'unclear',
      weights: undefined,
      text: 'unknown weights (connection refused)',
    };
    const { outcome, title, standing } = of({
      operation: 'status',
      failure: 'west could not be read: connection refused',
      held: [...held({ [EAST]: ASKED }), unread],
    });
    expect([outcome, title]).toEqual(['failed', 'status failed']);
    expect(standing).toBe('east holds v1=80,v2=20; west holds unknown weights (connection refused).');
  });
});

test('where every ingress passed and the check did not, the cause comes next, not more samples', () => {
  const { next } = of({
    verdict: 'inconclusive',
    evidence: [evidence()],
    findings: [{ title: 'Another app may have answered in east', detail: '' }],
  });
  expect(next).toBe('Fix the likely cause, then re-run this step.');
});

describe('the headline', () => {
  test.each<[string, Partial<RunRecord>, string, string]>([
    [
      'of a pass names the address that two clusters share, since either may have answered',
      { verdict: 'pass', evidence: [evidence(), evidence({ cluster: WEST })], unseen: UNSEEN },
      'traffic split verified',
      'The requests sampled get v1 80%, v2 20% through http://203.0.113.7, as 2,000 samples show.',
    ],
    [
      'of a pass speaks of users',
      { verdict: 'pass', evidence: [evidence(), evidence({ cluster: WEST, url: 'http://203.0.113.8' })] },
      'traffic split verified',
      'Users get v1 80%, v2 20% through the ingresses of east and west, as 2,000 samples show.',
    ],
    [
      'of a pass speaks of host and path where something was not looked at',
      {
        verdict: 'pass',
        evidence: [evidence()],
        unseen: UNSEEN,
        asked: { hosts: ['shop.example.com'], path: '/hello' },
      },
      'traffic split verified',
      'Requests to shop.example.com/hello get v1 80%, v2 20% through the ingress of east, as 1,000 samples show.',
    ],
    [
      'of a pass speaks of the path where the address was asked for',
      { verdict: 'pass', evidence: [evidence()], unseen: UNSEEN, asked: { hosts: [], path: '/hello' } },
      'traffic split verified',
      'Requests to /hello get v1 80%, v2 20% through the ingress of east, as 1,000 samples show.',
    ],
    [
      'of a drift tells the shares',
      { verdict: 'fail', evidence: [evidence(), drifted] },
      'traffic split check failed',
      'Expected v1 80%, v2 20%, but users get v1 50.0%, v2 50.0% through west. In west: the shares are not the weights (1000 samples).',
    ],
    [
      'of a drift at several ingresses tells the worst',
      { verdict: 'fail', evidence: [drifted, drifted, drifted] },
      'traffic split check failed',
      'Expected v1 80%, v2 20%, but users get v1 50.0%, v2 50.0% through west. In west: the shares are not the weights (1000 samples). The check also fails at 2 other ingresses.',
    ],
    [
      'of errors names the version that fails',
      { verdict: 'fail', evidence: [failing(0, 99)] },
      'v2 fails',
      'Requests to v2 (99 of 198) fail, those to v1 (0 of 802) do not. In east: 99 of 1000 requests failed.',
    ],
    [
      'of errors says where every version fails',
      { verdict: 'fail', evidence: [failing(200, 99)] },
      'v1, v2 fail',
      'Requests to v1 (200 of 802) and v2 (99 of 198) fail: every version fails. In east: 299 of 1000 requests failed.',
    ],
    [
      'of errors that no version has given says so',
      {
        verdict: 'fail',
        evidence: [
          evidence({
            verdict: 'fail',
            reason: 'all failed',
            samples: 0,
            counts: new Map(),
            errors: new Map([['refused', 90]]),
            requests: 90,
          }),
        ],
      },
      'traffic split check failed',
      'Requests fail without reaching a version: 90 requests. In east: all failed.',
    ],
    [
      'of an edit that no share shows names it',
      {
        verdict: 'fail',
        evidence: [evidence()],
        findings: [{ title: 'The route in west was changed', detail: '' }],
      },
      'traffic split check failed',
      'Expected v1 80%, v2 20%. The route in west was changed.',
    ],
    [
      'of clusters that disagree within the tolerance says who holds what',
      { verdict: 'fail', evidence: [evidence()], held: APART },
      'clusters hold different weights',
      'The clusters hold different weights: east holds v1=80,v2=20; west holds v1=50,v2=50.',
    ],
    [
      'of no decision says that the job fails',
      { verdict: 'inconclusive', evidence: [evidence({ verdict: 'inconclusive' })] },
      'traffic split check inconclusive',
      'The check was inconclusive, so the job fails: 1,000 samples through the ingress of east neither confirm nor rule out v1 80%, v2 20%.',
    ],
    [
      'of an error says how far it came',
      { failure: 'x' },
      'rollout failed',
      'The run ended before the traffic split was checked.',
    ],
    [
      'of a plan that changes nothing says so',
      { operation: 'plan', plan: { weights: ASKED, clusters: [], changes: [] } },
      'plan: 0 changes',
      'Nothing would change: every cluster already holds what was asked for.',
    ],
    [
      'of a release without an ingress says that it is not verified',
      { held: agreed(ASKED) },
      'released, not verified',
      'v1 80%, v2 20% is in every cluster that serves the routes. No ingress was sampled, so nothing is known about the responses.',
    ],
    [
      'of a status of clusters that agree',
      { operation: 'status', held: agreed(ASKED) },
      'status done',
      'v1 80%, v2 20% is in force.',
    ],
    [
      'of a status of clusters that disagree',
      { operation: 'status', held: APART, failure: 'x' },
      'clusters hold different weights',
      'The clusters hold different weights: east holds v1=80,v2=20; west holds v1=50,v2=50.',
    ],
    [
      'begins with what hurts users',
      { verdict: 'fail', evidence: [failing(200, 0)], harms: ['v1 still runs hello:bad.'] },
      'v1 fails',
      'v1 still runs hello:bad. Requests to v1 (200 of 802) fail, those to v2 (0 of 198) do not. In east: 200 of 1000 requests failed.',
    ],
  ])('%s', (_what, record, title, sentence) => {
    expect(of(record)).toMatchObject({ title, sentence });
  });

  test.each<[string, Partial<RunRecord>]>([
    ['a status', { operation: 'status' }],
    ['a rollout that passed', { verdict: 'pass', evidence: [evidence()] }],
    ['a plan', { operation: 'plan', plan: { weights: ASKED, clusters: [], changes: [] } }],
  ])('is never good for %s whose clusters hold different weights', (_what, record) => {
    expect(of({ ...record, held: APART }).outcome).toBe('differ');
  });
});

describe('after a run that did not pass, the headline says which weights are in force', () => {
  const failed = { verdict: 'fail', failure: 'x', evidence: [drifted], held: agreed(ASKED) } as const;
  const back = { steps: [step('forward'), step('back')] };
  test.each<[string, Partial<RunRecord>, string]>([
    ['restored ones', back, 'The earlier weights are in force again, v1 80%, v2 20%: nothing is urgent.'],
    [
      'restored ones, urgent where a version with users failed',
      { ...back, evidence: [failing(200, 0)] },
      'The earlier weights are in force again, v1 80%, v2 20%.',
    ],
    [
      'restored ones, urgent where not everything was looked at',
      { ...back, unseen: UNSEEN },
      'The earlier weights are in force again, v1 80%, v2 20%.',
    ],
    [
      'restored ones, urgent where nothing was sampled',
      { ...back, evidence: [] },
      'The earlier weights are in force again, v1 80%, v2 20%.',
    ],
    [
      'new ones',
      { steps: [step('forward')], previous: EARLIER },
      'The routes still hold v1 80%, v2 20%. The operation rollback restores v1=100,v2=0.',
    ],
    [
      'new ones without earlier ones',
      { steps: [step('forward')], previous: undefined },
      'The routes still hold v1 80%, v2 20%.',
    ],
    [
      'different ones where a cluster was left to someone else',
      { ...back, held: APART, remains: ['west was left as it is.'] },
      'west was left as it is. Nothing else will change this: bring all clusters to the same weights (operation rollback with the input weights).',
    ],
    [
      'different ones where a cluster could not be restored',
      { held: APART, settled: false, remains: ['east could not be restored.'] },
      'east could not be restored. The post step of this job, or else the next run, brings them together.',
    ],
    [
      'restored ones beside a restored workload',
      { ...back, restored: ['Deployment demo/hello-v1 in east runs a again.'] },
      'The earlier weights are in force again, v1 80%, v2 20%. Deployment demo/hello-v1 in east runs a again.',
    ],
    ['the same where nothing was written', {}, 'Nothing was written; the routes hold v1 80%, v2 20%.'],
    [
      'the same where no weights were written',
      { changes: [change()] },
      'The weights are unchanged, v1 80%, v2 20%; what else was written is listed below.',
    ],
  ])('%s', (_what, record, standing) => {
    expect(of({ ...failed, ...record }).standing).toBe(standing);
  });
});

describe('what to do next', () => {
  test.each<[string, Partial<RunRecord>, string | undefined]>([
    [
      'the next step',
      { verdict: 'pass', next: HALF },
      'Continue with the next step, v1=50,v2=50 (operation promote).',
    ],
    [
      'to retire',
      { verdict: 'pass', complete: true, held: agreed(weights({ v1: 0, v2: 100 })) },
      'The release is complete. Once nobody needs v1, retire it (operation retire, version v1).',
    ],
    ['nothing', { verdict: 'pass', held: agreed(ASKED) }, undefined],
    [
      'to fix the cause',
      { verdict: 'fail', findings: [{ title: '', detail: '' }] },
      'Fix the likely cause, then re-run this step.',
    ],
    [
      'to look at the version that fails, where only the symptom was found',
      { verdict: 'fail', evidence: [failing(0, 99)], findings: [{ title: '', detail: '', symptom: true }] },
      'The routes and rules do not explain it: check the logs of v2.',
    ],
    [
      'to bring clusters together',
      { operation: 'status', held: APART },
      'Bring all clusters to the same weights: run the operation rollback with the input weights.',
    ],
  ])('%s', (_what, record, next) => {
    expect(of(record).next).toBe(next);
  });
});
