import { describe, expect, test } from '@jest/globals';
import { quoted } from '../../src/texts/message.ts';
import { clustersAgree } from '../../src/release/cluster-weights.ts';
import type { ClusterWeights } from '../../src/release/cluster-weights.ts';
import { errorMessageOf, headlineOf } from '../../src/report/headline.ts';
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
const step = (direction: Step['direction'], to = ASKED): Step => ({
  at: 1,
  weights: to,
  before: undefined,
  direction,
});
const drifted = evidence({
  cluster: WEST,
  verdict: 'fail',
  reason: quoted('the shares are not the weights (1000 samples)'),
  counts: weights({ v1: 500, v2: 500 }),
});
/** Errors of v1 and of v2 among 1,000 samples at 80/20. */
const failing = (v1: number, v2: number): RunRecord['evidence'][number] =>
  evidence({
    verdict: 'fail',
    reason: quoted(`${String(v1 + v2)} of 1000 requests failed`),
    versions: new Map([
      ['v1', { errors: v1, latency: undefined }],
      ['v2', { errors: v2, latency: undefined }],
    ]),
    errors: new Map([['status 500', v1 + v2]]),
  });
const APART = held({ [EAST]: ASKED, [WEST]: HALF });
const UNSEEN = [quoted('VirtualServices of other namespaces in east could not be listed.')];

describe('clusters with the same ambiguous routes', () => {
  const text = 'different weights by route (route beta: v2=100; route main: v1=80,v2=20)';
  const open = [EAST, WEST].map((cluster): ClusterWeights => ({
    cluster,
    place: cluster,
    kind: 'open',
    weights: undefined,
    text: quoted(text),
  }));

  test('do not count as diverged', () => {
    expect(of({ operation: 'status', held: open })).toMatchObject({
      outcome: 'ambiguous',
      title: 'routes not chosen',
      sentence: `Several routes lead to the service, and the inputs choose none of them: east and west hold ${text}.`,
      nextStep: 'Set the input routes to the routes that the release should split.',
    });
    expect(clustersAgree(open)).toBeUndefined();
  });

  test('do not count as diverged if one of them could not be read', () => {
    const unread: ClusterWeights = {
      cluster: WEST,
      place: WEST,
      kind: 'unclear',
      weights: undefined,
      text: { kind: 'unknownWeights', error: 'connection refused' },
    };
    const { outcome, title, currentState } = of({
      operation: 'status',
      failure: 'west could not be read: connection refused',
      held: [...held({ [EAST]: ASKED }), unread],
    });
    expect([outcome, title]).toEqual(['failed', 'status failed']);
    expect(currentState).toBe('east holds v1=80,v2=20; west holds unknown weights (connection refused).');
  });
});

test('an inconclusive check whose ingresses all passed asks for the cause, not for more samples', () => {
  const { nextStep } = of({
    verdict: 'inconclusive',
    evidence: [evidence()],
    findings: [{ title: quoted('Another app may have answered in east'), detail: quoted('') }],
  });
  expect(nextStep).toBe('Fix the likely cause below, then re-run this step.');
});

describe('the headline', () => {
  test.each<[string, Partial<RunRecord>, string, string]>([
    [
      'of a pass names the address if two clusters share it',
      { verdict: 'pass', evidence: [evidence(), evidence({ cluster: WEST })], unseen: UNSEEN },
      'traffic split verified',
      'The sampled requests get v1 80%, v2 20% through http://203.0.113.7, as 2,000 samples show.',
    ],
    [
      'of a pass is about users',
      { verdict: 'pass', evidence: [evidence(), evidence({ cluster: WEST, url: 'http://203.0.113.8' })] },
      'traffic split verified',
      'Users get v1 80%, v2 20% through the ingresses of east and west, as 2,000 samples show.',
    ],
    [
      'of a pass is about host and path if not everything was covered',
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
      'of a pass is about the path if the request had no host',
      { verdict: 'pass', evidence: [evidence()], unseen: UNSEEN, asked: { hosts: [], path: '/hello' } },
      'traffic split verified',
      'Requests to /hello get v1 80%, v2 20% through the ingress of east, as 1,000 samples show.',
    ],
    [
      'of drift gives the shares',
      { verdict: 'fail', evidence: [evidence(), drifted] },
      'traffic split check failed',
      'Expected v1 80%, v2 20%, but users get v1 50.0%, v2 50.0% through west. In west: the shares are not the weights (1000 samples).',
    ],
    [
      'of drift at several ingresses is about the worst',
      { verdict: 'fail', evidence: [drifted, drifted, drifted] },
      'traffic split check failed',
      'Expected v1 80%, v2 20%, but users get v1 50.0%, v2 50.0% through west. In west: the shares are not the weights (1000 samples). The check also fails at 2 other ingresses.',
    ],
    [
      'of drift names the other clusters',
      {
        verdict: 'fail',
        evidence: [drifted, evidence({ verdict: 'fail' }), evidence({ cluster: 'north', verdict: 'fail' })],
      },
      'traffic split check failed',
      'Expected v1 80%, v2 20%, but users get v1 50.0%, v2 50.0% through west. In west: the shares are not the weights (1000 samples). The check also fails in east and north.',
    ],
    [
      'of a retirement names the version',
      {
        operation: 'retire',
        retiring: 'v1',
        verdict: 'pass',
        evidence: [evidence()],
        changes: [change()],
      },
      'v1 retired, traffic split verified',
      'Users get v1 80%, v2 20% through the ingress of east, as 1,000 samples show.',
    ],
    [
      'of errors names the failing version',
      { verdict: 'fail', evidence: [failing(0, 99)] },
      'v2 fails',
      'Requests to v2 (99 of 198) fail; requests to v1 (0 of 802) do not. In east: 99 of 1000 requests failed.',
    ],
    [
      'of errors says that every version fails',
      { verdict: 'fail', evidence: [failing(200, 99)] },
      'v1, v2 fail',
      'Requests to v1 (200 of 802) and v2 (99 of 198) fail: every version fails. In east: 299 of 1000 requests failed.',
    ],
    [
      'of errors without a version says so',
      {
        verdict: 'fail',
        evidence: [
          evidence({
            verdict: 'fail',
            reason: quoted('all failed'),
            samples: 0,
            counts: new Map(),
            errors: new Map([['refused', 90]]),
            requests: 90,
          }),
        ],
      },
      'traffic split check failed',
      '90 requests failed without reaching a version. In east: all failed.',
    ],
    [
      'of an edit within the tolerance names it',
      {
        verdict: 'fail',
        evidence: [evidence()],
        findings: [{ title: quoted('The route in west was changed'), detail: quoted('') }],
      },
      'traffic split check failed',
      'Expected v1 80%, v2 20%. The route in west was changed.',
    ],
    [
      'of clusters that differ within the tolerance says who holds what',
      { verdict: 'fail', evidence: [evidence()], held: APART },
      'clusters hold different weights',
      'The clusters hold different weights: east holds v1=80,v2=20; west holds v1=50,v2=50.',
    ],
    [
      'of an inconclusive check says that the job fails',
      { verdict: 'inconclusive', evidence: [evidence({ verdict: 'inconclusive' })] },
      'traffic split check inconclusive',
      'The check was inconclusive, so the job fails: 1,000 samples through the ingress of east neither confirm nor rule out v1 80%, v2 20%.',
    ],
    [
      'of an error says how far the run got',
      { failure: 'x' },
      'rollout failed',
      'The run failed before the traffic split was checked.',
    ],
    [
      'of a plan without changes says so',
      { operation: 'plan', plan: { weights: ASKED, clusters: [], changes: [] } },
      'plan: 0 changes',
      'Nothing would change: every cluster already matches the request.',
    ],
    [
      'of a release without ingresses says that it is not verified',
      { held: agreed(ASKED) },
      'released, not verified',
      'The routes in every config cluster hold v1 80%, v2 20%. No ingress was sampled, so nothing is known about the responses.',
    ],
    [
      'of status gives the weights if clusters agree',
      { operation: 'status', held: agreed(ASKED) },
      'status done',
      'The current weights are v1 80%, v2 20%.',
    ],
    [
      'of status says who holds what if clusters differ',
      { operation: 'status', held: APART, failure: 'x' },
      'clusters hold different weights',
      'The clusters hold different weights: east holds v1=80,v2=20; west holds v1=50,v2=50.',
    ],
    [
      'begins with what affects users',
      { verdict: 'fail', evidence: [failing(200, 0)], harms: [quoted('v1 still runs hello:bad.')] },
      'v1 fails',
      'v1 still runs hello:bad. Requests to v1 (200 of 802) fail; requests to v2 (0 of 198) do not. In east: 200 of 1000 requests failed.',
    ],
  ])('%s', (_what, record, title, sentence) => {
    expect(of(record)).toMatchObject({ title, sentence });
  });

  test.each<[string, Partial<RunRecord>]>([
    ['status', { operation: 'status' }],
    ['a rollout that passed', { verdict: 'pass', evidence: [evidence()] }],
    ['a plan', { operation: 'plan', plan: { weights: ASKED, clusters: [], changes: [] } }],
  ])('of %s says so if the clusters hold different weights', (_what, record) => {
    expect(of({ ...record, held: APART }).outcome).toBe('diverged');
  });
});

describe('the current state after a run that did not pass', () => {
  const failed = { verdict: 'fail', failure: 'x', evidence: [drifted], held: agreed(ASKED) } as const;
  const back = { steps: [step('forward'), step('back')] };
  test.each<[string, Partial<RunRecord>, string]>([
    [
      'is not urgent with restored weights',
      { ...back, evidence: [{ ...drifted, weights: HALF }] },
      'The previous weights are restored (v1 80%, v2 20%), so nothing is urgent.',
    ],
    [
      'may be urgent if it is the restored weights that did not pass',
      back,
      'The previous weights are restored (v1 80%, v2 20%).',
    ],
    [
      'may be urgent if a version with users failed',
      { ...back, evidence: [failing(200, 0)] },
      'The previous weights are restored (v1 80%, v2 20%).',
    ],
    [
      'may be urgent if not everything was covered',
      { ...back, unseen: UNSEEN },
      'The previous weights are restored (v1 80%, v2 20%).',
    ],
    [
      'may be urgent if nothing was sampled',
      { ...back, evidence: [] },
      'The previous weights are restored (v1 80%, v2 20%).',
    ],
    [
      'gives the new weights, and the way back',
      { steps: [step('forward')], previous: EARLIER },
      'The routes still hold v1 80%, v2 20%. The operation rollback restores v1=100,v2=0.',
    ],
    [
      'gives the new weights if there are no previous ones',
      { steps: [step('forward')], previous: undefined },
      'The routes still hold v1 80%, v2 20%.',
    ],
    [
      'names a cluster that was left to someone else',
      { ...back, held: APART, remains: [quoted('west was left as it is.')] },
      'west was left as it is.',
    ],
    [
      'names who recovers a cluster that could not be restored',
      { held: APART, needsRecovery: true, remains: [quoted('east could not be restored.')] },
      'east could not be restored. The post step of this job, or else the next run, will bring them to the same weights.',
    ],
    [
      'gives restored weights and workloads',
      { ...back, restored: [quoted('Deployment demo/hello-v1 in east runs a again.')] },
      'The previous weights are restored (v1 80%, v2 20%). Deployment demo/hello-v1 in east runs a again.',
    ],
    ['is the same if nothing was written', {}, 'Nothing was written; the routes hold v1 80%, v2 20%.'],
    [
      'says that weights are unchanged if only other objects were written',
      { changes: [change()] },
      'The weights are unchanged (v1 80%, v2 20%); other writes are listed below.',
    ],
  ])('%s', (_what, record, state) => {
    expect(of({ ...failed, ...record }).currentState).toBe(state);
  });
});

describe('the next step', () => {
  test.each<[string, Partial<RunRecord>, string | undefined]>([
    [
      'is the next of steps',
      { verdict: 'pass', next: HALF },
      'Continue with the next step, v1=50,v2=50 (operation promote).',
    ],
    [
      'is to retire the old version',
      { verdict: 'pass', complete: true, held: agreed(weights({ v1: 0, v2: 100 })) },
      'The release is complete. Once nobody needs v1, retire it (operation retire, version v1).',
    ],
    [
      'is nothing after the old version is retired',
      { operation: 'retire', verdict: 'pass', held: agreed(weights({ v2: 100 })) },
      'Nothing is left to do: the release is complete.',
    ],
    ['is undefined if the release is not complete', { verdict: 'pass', held: agreed(ASKED) }, undefined],
    [
      'is to fix the likely cause',
      { verdict: 'fail', findings: [{ title: quoted(''), detail: quoted('') }] },
      'Fix the likely cause below, then re-run this step.',
    ],
    [
      'is to look at the failing version if only the symptom was found',
      {
        verdict: 'fail',
        evidence: [failing(0, 99)],
        findings: [{ title: quoted(''), detail: quoted(''), symptom: true }],
      },
      'Check the logs of v2: the routes and rules do not explain the failed requests.',
    ],
    [
      'says where to look if the pods of the failing version were replaced',
      {
        verdict: 'fail',
        evidence: [failing(0, 99)],
        restored: [quoted('Deployment demo/hello-v2 is back.')],
      },
      'Check the logs of v2: the routes and rules do not explain the failed requests. Of pods that have been replaced since, only stored logs are left.',
    ],
    [
      'is to bring the clusters to the same weights before the cause is fixed',
      { verdict: 'fail', held: APART, findings: [{ title: quoted(''), detail: quoted('') }] },
      'Bring all clusters to the same weights: run the operation rollback, with the input weights set to those that all should hold.',
    ],
    [
      'is to fix the cause where the next run brings them to the same weights',
      {
        verdict: 'fail',
        held: APART,
        needsRecovery: true,
        findings: [{ title: quoted(''), detail: quoted('') }],
      },
      'Fix the likely cause below, then re-run this step.',
    ],
    [
      'is to bring the clusters to the same weights',
      { operation: 'status', held: APART },
      'Bring all clusters to the same weights: run the operation rollback, with the input weights set to those that all should hold.',
    ],
    [
      'is to bring them to a cluster without a route, where nothing can be rolled back',
      {
        operation: 'status',
        held: [
          ...APART,
          {
            cluster: 'north',
            place: 'north',
            kind: 'nothing',
            weights: undefined,
            text: { kind: 'noObject', object: 'VirtualService' },
          },
        ],
      },
      'Bring all clusters to the same weights: run the operation rollout, with the input weights set to those that all should hold.',
    ],
  ])('%s', (_what, record, nextStep) => {
    expect(of(record).nextStep).toBe(nextStep);
  });
});

test('an error is not quoted for what headline and next step say', () => {
  const record = { ...emptyRecord('status', 'hello', 'demo'), held: APART };
  const { sentence, nextStep = '' } = of({ operation: 'status', held: APART, failure: 'x' });
  const shown = (failure: string): string | undefined => errorMessageOf({ ...record, failure });
  expect(shown(`${sentence} ${nextStep}`)).toBeUndefined();
  expect(shown(`${sentence} ${nextStep}\nThe Service hello-v2 is missing.`)).toBe(
    'The Service hello-v2 is missing.',
  );
});

test.each<[string, Partial<RunRecord>, string]>([
  [
    'of a failing version counts its failed requests, and those of the others',
    { verdict: 'fail', evidence: [failing(0, 99)] },
    '发往 v2 的请求失败（198 个中有 99 个失败）；发往 v1 的请求正常（802 个中有 0 个失败）。集群 east：99 of 1000 requests failed。',
  ],
  [
    'of failing versions counts by version',
    { verdict: 'fail', evidence: [failing(401, 99)] },
    '发往 v1 和 v2 的请求失败（v1：802 个中有 401 个失败；v2：198 个中有 99 个失败）；没有一个版本正常。集群 east：500 of 1000 requests failed。',
  ],
  [
    'of clusters that differ says who holds what',
    { operation: 'status', held: held({ east: ASKED, west: undefined, south: HALF }), failure: 'x' },
    '各集群权重不一致：east 为 v1=80,v2=20；west 没有 VirtualService；south 为 v1=50,v2=50。',
  ],
  [
    'of a plan of a first install says that nothing is there',
    {
      operation: 'plan',
      held: held({ east: undefined }),
      plan: {
        weights: ASKED,
        clusters: ['east'],
        changes: [
          {
            cluster: 'east',
            verb: 'create',
            object: 'Service demo/hello',
            reason: quoted('v1'),
            diff: '',
            tried: true,
          },
        ],
      },
    },
    'rollout 会把各集群的权重改为 v1 80%、v2 20%（目前：无权重）。本次没有写入任何内容。',
  ],
])('the Chinese sentence %s', (_, rest, sentence) => {
  expect(of({ language: 'zh', ...rest }).sentence).toBe(sentence);
});
