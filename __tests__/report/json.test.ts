import { readFileSync } from 'node:fs';
import { quoted } from '../../src/texts/message.ts';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { REPORT_SCHEMA_FILE, reportSchema } from '../../scripts/schema.ts';
import { reportOf, reportTextOf } from '../../src/report/json.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { REPORT } from '../../src/report/schema.ts';
import { VERSION } from '../../src/report/version.ts';
import { evidence } from '../support/evidence.ts';
import { agreed, change } from '../support/record.ts';
import { weights } from '../support/release.ts';

const validate = new Ajv({ strict: true, formats: { 'date-time': true } }).compile(reportSchema());
const EMPTY = emptyRecord('verify', 'hello', 'demo');
const FULL: RunRecord = {
  ...EMPTY,
  verdict: 'fail',
  failure: 'x',
  problems: ['Input tolerance: got "many"; expected a number.'],
  held: agreed(weights({ v1: 80, v2: 20 })),
  unseen: [quoted('VirtualServices of other namespaces in east could not be listed.')],
  limits: { tolerance: 0.05, confidence: 0.99, maxErrorRate: 0.01 },
  findings: [{ title: quoted('a'), detail: quoted('b') }],
  phases: [{ name: 'Verify', start: 0, seconds: 1, completed: true }],
  steps: [{ at: 0, weights: weights({ v1: 80, v2: 20 }), before: undefined, direction: 'forward' }],
  checks: [
    {
      kind: 'verify',
      weights: weights({ v1: 80, v2: 20 }),
      verdict: 'fail',
      evidence: [evidence()],
      metrics: [],
      from: 0,
      to: 1,
    },
  ],
  evidence: [evidence()],
  metrics: [],
  changes: [
    change(),
    change({ before: undefined, verb: 'create' }),
    change({ after: undefined, verb: 'delete' }),
  ],
  ingresses: new Map([['east', 'http://203.0.113.7']]),
};

test('report.schema.json is up to date (npm run schema)', () => {
  expect(JSON.parse(readFileSync(REPORT_SCHEMA_FILE, 'utf8'))).toEqual(reportSchema());
});

test.each([
  ['an empty run', EMPTY],
  ['a full run', FULL],
])('the report of %s matches its schema', (_what, record) => {
  const written: unknown = JSON.parse(JSON.stringify(reportOf(record)));
  expect([validate(written), validate.errors]).toEqual([true, null]);
  expect(REPORT.parse(written)).toEqual(written);
});

test('the report has weights and shares as fractions', () => {
  expect(reportOf(FULL).checks[0]?.ingresses[0]?.versions[1]).toMatchObject({
    version: 'v2',
    weight: 0.2,
    lower: expect.closeTo(0.15),
    upper: 0.25,
    share: 0.198,
    samples: 198,
    latency: { p50: 6 },
  });
});

test('the report has the version of the action', () => {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  expect([VERSION, reportOf(EMPTY).action.version]).toEqual([manifest.version, manifest.version]);
});

test.each([
  ['Input weights: got "v1=200"; expected percentages.', 'weights'],
  ['Input metrics, line 3: metrics[0].query: expected a query.', 'metrics'],
  ['Input kubeconfig (base64) does not parse.', 'kubeconfig'],
  ['Input app: is required. You can set it in the release file too.', 'app'],
  ['.github/canary.yml:7: max-rps: got "x"; expected a number.', 'max-rps'],
  ['.github/canary.yml:12: metrics[1].query: expected a query.', 'metrics'],
  ['.github/canary.yml:12 does not parse: bad indentation.', undefined],
  ['deploy/v2.yaml:4: the object has no kind.', undefined],
])('the problem "%s" is about the input %s', (message, input) => {
  expect(reportOf({ ...EMPTY, problems: [message] }).problems).toEqual([{ input, message }]);
});

test('the text of a large report is made in pieces, and is what JSON.stringify makes', async () => {
  const yaml = 'name: "größer"\u2028\t\\ \ud83d\ude00 \ud800\n'.repeat(500);
  const record: RunRecord = {
    ...FULL,
    metrics: [],
    ingresses: new Map([
      ['0', 'http://203.0.113.7'],
      ['east "1"', ''],
    ]),
    changes: Array.from({ length: 100 }, () => change({ before: yaml, after: undefined })),
  };
  let pauses = 0;
  const text = await reportTextOf(record, () => {
    pauses += 1;
    return Promise.resolve();
  });
  expect(text === `${JSON.stringify(reportOf(record), undefined, 2)}\n`).toBe(true);
  expect(text.length).toBeGreaterThan(1_000_000);
  expect(pauses).toBeGreaterThan(text.length / 500_000);
});
