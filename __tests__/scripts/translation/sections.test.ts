import { describe, expect, test } from '@jest/globals';
import {
  codeOf,
  shapeOf,
  sectionsOfDescriptions,
  sectionsOfPage,
} from '../../../scripts/translation/sections.ts';

const PIN = '0123456789abcdef0123456789abcdef01234567 # v1.0.0';
const PAGE = `# Page

Words that
run on.

| a | b |
| --- | --- |
| c | d |

## Code

\`\`\`yaml
# no heading
uses: actions/checkout@${PIN}
\`\`\`

## Code
`;

describe('the sections of a page', () => {
  test('begin at its headings, and have the anchors of these', () => {
    expect(sectionsOfPage(PAGE).map(({ id, level }) => [id, level])).toEqual([
      ['page', 1],
      ['code', 2],
      ['code-1', 2],
    ]);
    expect(sectionsOfPage(PAGE, ['code']).map(({ id }) => id)).toEqual(['page', 'code-1']);
  });

  test.each([
    ['the length of lines', 'that\nrun', 'that run'],
    ['the width of tables', '| a | b |\n| --- | --- |', '| a   | b    |\n| ----- | ---- |'],
    ['a pin', PIN, 'ffffffffffffffffffffffffffffffffffffffff # v2.3.4'],
  ])('do not depend on %s', (_, from, to) => {
    expect(sectionsOfPage(PAGE.replace(from, to))).toEqual(sectionsOfPage(PAGE));
  });

  test('depend on every word', () => {
    const [page, code] = sectionsOfPage(PAGE.replace('Words', 'Few words').replace('# no', '# some'));
    const [before, codeBefore] = sectionsOfPage(PAGE);
    expect([page?.hash === before?.hash, code?.hash === codeBefore?.hash]).toEqual([false, false]);
  });

  test('leave out generated tables', () => {
    const page = (rows: string): string => `# Page\n\n<!-- inputs -->\n\n${rows}\n\n<!-- /inputs -->\n`;
    expect(sectionsOfPage(page('| a |'))).toEqual(sectionsOfPage(page('| b |')));
  });
});

test('the sections of action.yml are its descriptions, as in the Chinese file', () => {
  const action =
    'inputs:\n  app:\n    description: The app\n    default: x\noutputs:\n  plan:\n    description: JSON\n';
  const same = 'inputs:\n  app: The app\noutputs:\n  plan: JSON\n';
  expect(sectionsOfDescriptions(action)).toEqual(sectionsOfDescriptions(same));
  expect(sectionsOfDescriptions(same).map(({ id }) => id)).toEqual(['inputs.app', 'outputs.plan']);
});

test('comments are no part of the code', () => {
  const code = (comment: string): string => `\`\`\`yaml\n${comment}\na: 1 ${comment}\nb: "x#y"\n\`\`\`\n`;
  expect(codeOf(code('# one'))).toEqual(codeOf(code('# 一')));
  expect(codeOf(code('# one'))).toEqual(['\na: 1\nb: "x#y"']);
});

test('code within a list is code as well', () => {
  expect(codeOf('1. Do this:\n\n   ```sh\n   ls\n   ```\n')).toEqual(['ls']);
});

test('the shape of a page shows a row or an item that is left out', () => {
  const shape = ['heading of level 1', 'table of 1 rows', 'list of 2 items'];
  const page = '# Page\n\n| a |\n| --- |\n| b |\n\n- c\n- d\n';
  expect(shapeOf(page)).toEqual(shape);
  expect(shapeOf(page.replace('| b |\n', ''))).not.toEqual(shape);
  expect(shapeOf(page.replace('- d\n', ''))).not.toEqual(shape);
});
