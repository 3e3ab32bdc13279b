import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { nextTurn } from '../../src/core/clock.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { pageOf } from '../../src/report/page/page.ts';
import type { Language } from '../../src/texts/language.ts';
import { englishIn, textOf, valuesIn } from '../support/chinese.ts';
import { REPORT_KINDS } from '../support/report-kinds.ts';

const NAMES = ['east', 'west', 'helloworld', 'demo', 'prometheus', 'istio-ingressgateway'];
/** Of objects and metrics, which are words as well. */
const WORDS = ['hello', 'errors', 'slow', 'shares', 'rate', 'later'];

const pageIn = (language: Language, record: RunRecord): Promise<string> =>
  pageOf({ ...record, language }, nextTurn);

describe.each(Object.entries(REPORT_KINDS))('the Chinese page of %s', (_, record) => {
  test('has no English', async () => {
    // Problems are error messages, which are in English.
    const page = await pageIn('zh', { ...record, problems: record.problems.map(() => '1') });
    expect(englishIn(textOf(page), [...NAMES, ...WORDS])).toEqual([]);
  });

  test('has the numbers and names of the English one', async () => {
    const [chinese, english] = await Promise.all([pageIn('zh', record), pageIn('en', record)]);
    expect(valuesIn(textOf(chinese), NAMES)).toEqual(valuesIn(textOf(english), NAMES));
  });
});

test('the Chinese page says in Chinese how much of a long text is left out', async () => {
  const failure = 'a'.repeat(100_002);
  const page = await pageIn('zh', { ...emptyRecord('status', 'hello', 'demo'), failure });
  expect(page).toContain('a…（另有 2 个字符）');
});

test.each([
  ['en', 'en'],
  ['zh', 'zh-CN'],
] as const)('the page in %s names its language, and allows its own style sheet', async (language, tag) => {
  const page = await pageIn(language, emptyRecord('status', 'hello', 'demo'));
  const [, style = ''] = /<style>(.*)<\/style>/s.exec(page) ?? [];
  expect(page).toContain(`<html lang="${tag}">`);
  expect(page).toContain(`sha256-${createHash('sha256').update(style).digest('base64')}`);
});
