import { describe, expect, test } from '@jest/globals';
import { codeOf, shapeOf } from '../../scripts/translation/sections.ts';
import { pages, tasks, textsOf, translations } from '../../scripts/zh.ts';

test.each(await translations())('$chinese follows $english', async (translation) => {
  expect(await tasks(translation)).toEqual([]);
});

describe.each(await pages())('$chinese', (translation) => {
  test('shows the code of the English page', async () => {
    const [english, chinese] = await textsOf(translation);
    expect(codeOf(chinese)).toEqual(codeOf(english));
  });

  test('leads to the English page and back', async () => {
    const [english, chinese] = await textsOf(translation);
    const name = translation.english.replace('docs/', '');
    expect(english).toContain(`\n[中文](zh/${name})\n`);
    expect(chinese).toContain(`\n[English](../${name})\n`);
  });

  test('leads to Chinese pages where there are any', async () => {
    const [, chinese] = await textsOf(translation);
    const translated = (await pages()).map(({ english }) => english.replace('docs/', '../'));
    const [, ...links] = [...chinese.matchAll(/\]\((?<path>\.\.\/[\w-]+\.md)[#)]/g)].map(
      ({ groups }) => groups?.['path'],
    );
    expect(links.filter((link) => link !== undefined && translated.includes(link))).toEqual([]);
  });
});

/** The Chinese glossary has more terms: it also names Istio's objects. */
const withSameRows = (await pages()).filter(({ english }) => english !== 'docs/README.md');

test.each(withSameRows)('$chinese has every row and item of $english', async (translation) => {
  const [english, chinese] = await textsOf(translation);
  expect(shapeOf(chinese)).toEqual(shapeOf(english));
});
