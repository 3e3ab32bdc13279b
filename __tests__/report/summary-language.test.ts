import { describe, expect, test } from '@jest/globals';
import { commentOf } from '../../src/report/summary/comment.ts';
import { commitStatusOf, pendingStatus } from '../../src/report/commit-status.ts';
import type { RunRecord } from '../../src/report/run-record.ts';
import { summaryOf } from '../../src/report/summary/summary.ts';
import type { Language } from '../../src/texts/language.ts';
import { asGitHubPage } from '../../testbed/github-markdown.ts';
import { englishIn, misspacedIn, textOf, valuesIn } from '../support/chinese.ts';
import { REPORT_KINDS } from '../support/report-kinds.ts';

const NAMES = ['east', 'west', 'helloworld', 'demo', 'prometheus', 'istio-ingressgateway'];
/** Of objects, metrics and a folder, which are words as well. */
const WORDS = ['hello', 'errors', 'slow', 'shares', 'rate', 'later', 'x', 'out'];

/** What a reader sees of it on GitHub, each element on lines of its own. */
async function shown(markdown: string): Promise<string> {
  const page = await asGitHubPage(markdown);
  return textOf(page.replace(/<title>.*?<\/title>/s, '').replaceAll(/<[^>]*>/g, '\n$&\n'));
}

const PLACE = { sha: '7'.repeat(40), runUrl: 'https://github.com/acme/shop/actions/runs/42' };

const TEXTS: Readonly<Record<string, (record: RunRecord) => Promise<string>>> = {
  summary: (record) => shown(summaryOf(record)),
  comment: (record) => shown(commentOf(record, PLACE)),
  'shortened summary': (record) => shown(summaryOf({ ...record, report: 'out' }, 3_000)),
  'commit status': (record) => Promise.resolve(commitStatusOf(record).description),
};

const EACH = Object.entries(REPORT_KINDS).flatMap(([kind, record]) =>
  Object.entries(TEXTS).map(([what, textIn]) => ({ what, kind, record, textIn })),
);

const inLanguage = (language: Language, record: RunRecord): RunRecord => ({
  ...record,
  language,
  // Problems are error messages, which are in English.
  problems: record.problems.map(() => '1'),
});

describe.each(EACH)('the Chinese $what of $kind', ({ what, record, textIn }) => {
  test('has no English, and the spaces of Chinese', async () => {
    const text = await textIn(inLanguage('zh', record));
    expect(englishIn(text, [...NAMES, ...WORDS])).toEqual([]);
    expect(misspacedIn(text)).toEqual([]);
    // Asterisks that Markdown did not take as emphasis.
    expect(text).not.toContain('*');
  });

  // The others end where there is no more room.
  if (['summary', 'comment'].includes(what))
    test('has the numbers and names of the English one', async () => {
      const [chinese, english] = await Promise.all(
        (['zh', 'en'] as const).map((language) => textIn(inLanguage(language, record))),
      );
      expect(valuesIn(chinese ?? '', NAMES)).toEqual(valuesIn(english ?? '', NAMES));
    });
});

test('the status of a Chinese run in progress', () => {
  expect(pendingStatus('promote', 'zh').description).toBe('promote 正在执行');
});
