import { describe, expect, test } from '@jest/globals';
import { inEnglish } from '../../src/texts/texts.ts';
import { quoted } from '../../src/texts/message.ts';
import { foldRun } from '../../src/report/fold-run.ts';
import type { RunEvent } from '../../src/report/run-events.ts';
import { RunLog } from '../../src/report/run-log.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { evidence } from '../support/evidence.ts';
import { agreed } from '../support/record.ts';
import { EAST, weights } from '../support/release.ts';

const START = emptyRecord('promote', 'hello', 'demo', { begin: '2026-11-22T10:00:00.000Z' });
const BEFORE = weights({ v1: 80, v2: 20 });
const AFTER = weights({ v1: 50, v2: 50 });
const FINDING = { title: quoted('No pod is ready'), detail: quoted('Of v2 in west.') };

/** The record of events that came a second apart, the first after one second. */
const recordOf = (...events: readonly RunEvent[]): RunRecord =>
  foldRun(
    START,
    events.map((event, i) => ({ at: i + 1, event })),
  );
const sampled: RunEvent = {
  kind: 'sampled',
  check: 'verify',
  weights: AFTER,
  evidence: [evidence()],
  metrics: [],
  seconds: 0.5,
};
const judged = (verdict: 'pass' | 'fail', on: 'this run' | 'recovery' = 'this run'): RunEvent => ({
  kind: 'judged',
  verdict,
  on,
});

describe('the record of a run', () => {
  test('is the start of the run before anything has happened', () => {
    expect(recordOf()).toEqual(START);
  });

  test('takes every cluster to hold the weights in force', () => {
    const { held, steps } = recordOf(
      { kind: 'read', held: agreed(BEFORE) },
      { kind: 'in force', weights: AFTER, direction: 'forward' },
      { kind: 'in force', weights: BEFORE, direction: 'back' },
    );
    expect(held).toEqual(agreed(BEFORE));
    expect(steps).toEqual([
      { at: 2, weights: AFTER, before: BEFORE, direction: 'forward' },
      { at: 3, weights: BEFORE, before: AFTER, direction: 'back' },
    ]);
  });

  test('counts no step where only the routes around the weights changed', () => {
    const { held, steps } = recordOf(
      { kind: 'read', held: agreed(BEFORE) },
      { kind: 'in force', weights: AFTER, direction: 'same' },
    );
    expect({ held, steps }).toEqual({ held: agreed(AFTER), steps: [] });
  });

  test('keeps every change, with its time', () => {
    const change = {
      cluster: EAST,
      verb: 'create',
      object: 'Service demo/hello',
      reason: quoted('new'),
      before: undefined,
      after: 'kind: Service\n',
    } as const;
    expect(recordOf({ kind: 'changed', change }, { kind: 'changed', change }).changes).toEqual([
      { ...change, at: 1 },
      { ...change, at: 2 },
    ]);
  });

  test('dates a phase and a check from their beginning', () => {
    const { phases, checks } = recordOf(sampled, {
      kind: 'phase',
      name: 'Verify',
      seconds: 1.25,
      completed: true,
    });
    expect(phases).toEqual([{ name: 'Verify', start: 0.75, seconds: 1.25, completed: true }]);
    expect(checks).toMatchObject([{ kind: 'verify', weights: AFTER, from: 0.5, to: 1 }]);
  });
});

describe('the verdict of a run', () => {
  test('is that of its last check, whose evidence and causes come with it', () => {
    const failed = evidence({ verdict: 'fail' });
    const {
      verdict,
      checks,
      findings,
      evidence: last,
    } = recordOf(sampled, judged('pass'), { ...sampled, check: 'bake', evidence: [failed] }, judged('fail'), {
      kind: 'explained',
      findings: [FINDING],
    });
    expect({ verdict, findings, last }).toEqual({ verdict: 'fail', findings: [FINDING], last: [failed] });
    expect(checks.map((check) => [check.kind, check.verdict])).toEqual([
      ['verify', 'pass'],
      ['bake', 'fail'],
    ]);
  });

  test('keeps the samples before a watch of the same weights that takes none', () => {
    const bare: RunEvent = { ...sampled, check: 'bake', evidence: [] };
    const passed = recordOf(sampled, judged('pass'), bare, judged('pass'));
    expect(passed.evidence).toEqual([evidence()]);
    expect(passed.checks.map((check) => check.evidence)).toEqual([[evidence()], []]);
    const others: RunEvent = { ...bare, weights: BEFORE };
    expect(recordOf(sampled, judged('pass'), others, judged('pass')).evidence).toEqual([]);
  });

  test('is not a pass once the run has failed, whatever its last check said', () => {
    const failed: RunEvent = { kind: 'failed', message: 'Cancelled by SIGINT.' };
    expect(recordOf(sampled, judged('pass'), failed)).toMatchObject({
      verdict: undefined,
      failure: 'Cancelled by SIGINT.',
      checks: [{ verdict: 'pass' }],
    });
    expect(recordOf(sampled, judged('fail'), failed).verdict).toBe('fail');
  });

  test('is not that on the step of an earlier run', () => {
    expect(recordOf(sampled, judged('pass', 'recovery'))).toMatchObject({
      verdict: undefined,
      checks: [{ verdict: 'pass' }],
    });
  });

  test('drops the causes of an earlier check that is done again', () => {
    expect(
      recordOf(sampled, judged('fail'), { kind: 'explained', findings: [FINDING] }, sampled, judged('pass')),
    ).toMatchObject({ verdict: 'pass', findings: [] });
  });

  test('is open for samples that were not judged', () => {
    expect(recordOf(sampled)).toMatchObject({ verdict: undefined, checks: [{ verdict: 'inconclusive' }] });
  });
});

describe('what a run leaves behind', () => {
  test('adds up', () => {
    expect(
      recordOf(
        { kind: 'harm', message: quoted('v1 runs the wrong image.') },
        { kind: 'restored', message: quoted('v2 is back.') },
        { kind: 'remains', messages: ['east holds v1=50.', 'west holds v1=80.'].map(quoted) },
        { kind: 'remains', messages: [quoted('Not seen.')] },
        { kind: 'inconsistent' },
      ),
    ).toMatchObject({
      harms: [quoted('v1 runs the wrong image.')],
      restored: [quoted('v2 is back.')],
      remains: ['east holds v1=50.', 'west holds v1=80.', 'Not seen.'].map(quoted),
      needsRecovery: true,
    });
  });

  test('has the blind spots of the last look, and those of the ingresses once', () => {
    const release = (sentence: string): RunEvent => ({
      kind: 'blind spots',
      of: 'release',
      messages: [quoted(sentence)],
    });
    const ingresses: RunEvent = { kind: 'blind spots', of: 'ingresses', messages: [quoted('One address.')] };
    expect(recordOf(release('Old.'), release('New.'), ingresses, ingresses).unseen.map(inEnglish)).toEqual([
      'New.',
      'One address.',
    ]);
  });
});

test('A run log keeps events as they come, with the seconds since its beginning', () => {
  const log = new RunLog(new Date(Date.now() - 2_000));
  log.record({ kind: 'phase', name: 'Read', seconds: 1, completed: true });
  const before = log.events.length;
  log.record({ kind: 'ended' });
  expect(before).toBe(1);
  expect(log.events.map(({ event }) => event.kind)).toEqual(['phase', 'ended']);
  expect(foldRun(START, log.events).seconds).toBeGreaterThanOrEqual(2);
});
