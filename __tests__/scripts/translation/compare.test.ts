import { expect, test } from '@jest/globals';
import { compare, record } from '../../../scripts/translation/compare.ts';
import { sectionsOfPage } from '../../../scripts/translation/sections.ts';

const ENGLISH = '# Trees\n\nOn trees.\n\n## Oak\n\nAn oak.\n\n## Elm\n\nAn elm.\n';
const CHINESE = '# 树\n\n关于树。\n\n## 橡树\n\n一棵橡树。\n\n## 榆树\n\n一棵榆树。\n';
const nobody = (): boolean => false;

const counterparts = (english: string, chinese: string, compared = COMPARED) =>
  compare(sectionsOfPage(english), sectionsOfPage(chinese), compared);
const changes = (english: string, chinese: string) =>
  counterparts(english, chinese).flatMap(({ english: { id }, changed }) =>
    changed === 'neither' ? [] : [`${id}: ${changed}`],
  );

const COMPARED = record(counterparts(ENGLISH, CHINESE, {}), {}, nobody);

test('nothing is to be done after a comparison', () => {
  expect(Object.keys(COMPARED)).toEqual(['trees', 'oak', 'elm']);
  expect(changes(ENGLISH, CHINESE)).toEqual([]);
});

test('a section that changed in one language is named', () => {
  expect(changes(ENGLISH.replace('An oak', 'A great oak'), CHINESE)).toEqual(['oak: English']);
  expect(changes(ENGLISH, CHINESE.replace('一棵榆树', '一棵大榆树'))).toEqual(['elm: Chinese']);
});

test('it stays so until somebody changes the other language or confirms it', () => {
  const changed = ENGLISH.replace('An oak', 'A great oak');
  expect(record(counterparts(changed, CHINESE), COMPARED, nobody)).toEqual(COMPARED);

  const translated = record(
    counterparts(changed, CHINESE.replace('一棵橡树', '一棵大橡树')),
    COMPARED,
    nobody,
  );
  expect(translated['oak']).not.toBe(COMPARED['oak']);

  const confirmed = record(counterparts(changed, CHINESE), COMPARED, ({ id }) => id === 'oak');
  expect(counterparts(changed, CHINESE, confirmed).map((pair) => pair.changed)).toEqual([
    'neither',
    'neither',
    'neither',
  ]);
});

test('a new section is new in both languages', () => {
  expect(changes(`${ENGLISH}\n## Ash\n\nAn ash.\n`, `${CHINESE}\n## 梣树\n\n一棵梣树。\n`)).toEqual([
    'ash: both',
  ]);
});

test('a new heading in one language is a change of that language', () => {
  expect(changes(ENGLISH.replace('## Oak', '## The oak'), CHINESE)).toEqual(['the-oak: English']);
});

test('a removed section leaves the record', () => {
  const shorter = counterparts(ENGLISH.replace(/## Elm.*/s, ''), CHINESE.replace(/## 榆树.*/s, ''));
  expect(Object.keys(record(shorter, COMPARED, nobody))).toEqual(['trees', 'oak']);
});

test.each([
  [
    'one language lacks',
    ENGLISH,
    CHINESE.replace(/## 榆树.*/s, ''),
    '"## elm" in English, but missing in Chinese',
  ],
  [
    'has another level in one language',
    ENGLISH,
    CHINESE.replace('## 橡树', '### 橡树'),
    '"## oak" in English, but "### 橡树"',
  ],
])('a section that %s is an error', (_, english, chinese, message) => {
  expect(() => counterparts(english, chinese)).toThrow(message);
});
