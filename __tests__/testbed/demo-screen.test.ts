import { stripVTControlCharacters } from 'node:util';
import { quoted } from '../../src/texts/message.ts';
import { describe, expect, test } from '@jest/globals';
import { reportOf } from '../../src/report/json.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { overview, stepScreen } from '../../testbed/demo/screen.ts';
import type { EndedStep } from '../../testbed/demo/screen.ts';
import { evidence } from '../support/evidence.ts';
import { agreed } from '../support/record.ts';
import { weights } from '../support/release.ts';

const WEIGHTS = weights({ v1: 80, v2: 20 });

function ended(record: Partial<RunRecord>, rest: Partial<EndedStep> = {}): EndedStep {
  const report = reportOf({
    ...emptyRecord('verify', 'helloworld', 'demo'),
    held: agreed(WEIGHTS),
    ...record,
  });
  return {
    number: 1,
    title: 'A step',
    expected: 'pass',
    code: 0,
    seconds: 1,
    report,
    page: '/tmp/report.html',
    ...rest,
  };
}

function sampled(rest: Parameters<typeof evidence>[0]): Partial<RunRecord> {
  const one = evidence({ weights: WEIGHTS, ...rest });
  const check = { kind: 'verify', weights: WEIGHTS, verdict: 'pass', metrics: [], from: 0, to: 1 } as const;
  return { verdict: 'pass', evidence: [one], checks: [{ ...check, evidence: [one] }] };
}

const shown = (step: EndedStep): string => stripVTControlCharacters(stepScreen(step));

describe('the screen of a step', () => {
  test('draws the share of each version as a bar', () => {
    const counts = new Map([...WEIGHTS].map(([version, weight]) => [version, 10 * weight]));
    expect(shown(ended(sampled({ counts, samples: 1000 })))).toContain(
      `${'█'.repeat(26)}${'▒'.repeat(6)} v1 80.0% v2 20.0%  1,000 samples`,
    );
  });

  test('has no line over 100 characters', () => {
    const detail = 'Someone changed the route. '.repeat(20);
    const lines = shown(
      ended({ verdict: 'fail', findings: [{ title: quoted('Changed'), detail: quoted(detail) }] }),
    ).split('\n');
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(lines.join('\n')).toContain('Cause');
  });

  test('calls no symptom a cause', () => {
    const findings = [
      { title: quoted('Requests fail'), detail: quoted('15 of 244.'), symptom: true as const },
    ];
    expect(shown(ended({ verdict: 'fail', findings }))).not.toContain('Cause');
  });

  test('says that a step ended otherwise than expected', () => {
    expect(shown(ended({}, { code: 1 }))).toContain('although pass was expected');
  });
});

test('the overview has a line of at most 100 characters for each step', () => {
  const step = ended({}, { code: 1, title: 'A title that is longer than the room in the table. '.repeat(3) });
  const [head = '', line = '', ...rest] = overview([step]).split('\n');
  expect(head).toMatch(/^# +Operation .* Step$/);
  expect(line).toMatch(/^1 +verify +helloworld +fail +NO .*…$/);
  expect([line.length <= 100, rest]).toEqual([true, []]);
});
