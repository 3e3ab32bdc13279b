import { stripVTControlCharacters } from 'node:util';
import { quoted } from '../../src/texts/message.ts';
import { describe, expect, test } from '@jest/globals';
import { reportOf } from '../../src/report/json.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { saidIn } from '../../testbed/demo/said.ts';
import { overview, stepScreen } from '../../testbed/demo/screen.ts';
import type { EndedStep } from '../../testbed/demo/screen.ts';
import type { Language } from '../../src/texts/language.ts';
import { summaryOf } from '../../src/report/summary/summary.ts';
import { englishIn } from '../support/chinese.ts';
import { REPORT_KINDS } from '../support/report-kinds.ts';
import { evidence } from '../support/evidence.ts';
import { agreed } from '../support/record.ts';
import { weights } from '../support/release.ts';

const WEIGHTS = weights({ v1: 80, v2: 20 });

function ended(record: Partial<RunRecord>, rest: Partial<EndedStep> = {}): EndedStep {
  const whole = { ...emptyRecord('verify', 'helloworld', 'demo'), held: agreed(WEIGHTS), ...record };
  return {
    number: 1,
    title: 'A step',
    expected: 'pass',
    code: 0,
    seconds: 1,
    report: reportOf(whole),
    summary: summaryOf(whole),
    page: '/tmp/report.html',
    ...rest,
  };
}

function sampled(rest: Parameters<typeof evidence>[0]): Partial<RunRecord> {
  const one = evidence({ weights: WEIGHTS, ...rest });
  const check = { kind: 'verify', weights: WEIGHTS, verdict: 'pass', metrics: [], from: 0, to: 1 } as const;
  return { verdict: 'pass', evidence: [one], checks: [{ ...check, evidence: [one] }] };
}

const shown = (step: EndedStep, language: Language = 'en'): string =>
  stripVTControlCharacters(stepScreen(step, language));

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

  test.each(Object.entries(REPORT_KINDS))('of %s has the texts of the report', (_, record) => {
    const { headline, currentState, nextStep, findings } = reportOf({ ...record, language: 'en' });
    const cause = findings.find(({ symptom }) => symptom !== true);
    expect(saidIn(summaryOf({ ...record, language: 'en' }), 'en')).toEqual({
      headline,
      currentState,
      nextStep,
      cause: cause && `${cause.title}. ${cause.detail}`,
    });
  });

  test.each(Object.entries(REPORT_KINDS))('of %s is in Chinese', (_, record) => {
    const names = ['east', 'west', 'helloworld', 'demo', 'prometheus', 'istio-ingressgateway'];
    const words = ['hello', 'errors', 'slow', 'shares', 'rate', 'later'];
    const step = ended({ ...record, language: 'zh' }, { title: '一步' });
    for (const text of [shown(step, 'zh'), overview([step], 'zh')])
      expect(englishIn(text.replaceAll(/x{20,}/g, ''), [...names, ...words])).toEqual([]);
  });

  test('says that a step ended otherwise than expected', () => {
    expect(shown(ended({}, { code: 1 }))).toContain('although pass was expected');
  });
});

test('the overview has a line of at most 100 characters for each step', () => {
  const step = ended({}, { code: 1, title: 'A title that is longer than the room in the table. '.repeat(3) });
  const [head = '', line = '', ...rest] = overview([step], 'en').split('\n');
  expect(head).toMatch(/^# +Operation .* Step$/);
  expect(line).toMatch(/^1 +verify +helloworld +fail +NO .*…$/);
  expect([line.length <= 100, rest]).toEqual([true, []]);
});
