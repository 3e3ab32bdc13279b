import { expect, test } from '@jest/globals';
import { copyPins } from '../../scripts/pins.ts';

const OLD = '0000000000000000000000000000000000000000 # v1.0.0';
const NEW = '1111111111111111111111111111111111111111 # v2.0.0';

test('pins on a page become those of the workflows', () => {
  const page = `- uses: actions/checkout@${OLD}\n- uses: actions/cache/save@${OLD}\n`;
  const workflow = `      - uses: actions/checkout@${NEW}\n        uses: actions/cache/save@${NEW}\n`;
  expect(copyPins([workflow], page)).toBe(
    `- uses: actions/checkout@${NEW}\n- uses: actions/cache/save@${NEW}\n`,
  );
});

test('an action that no workflow uses, and text that is no pin, stay', () => {
  const page = `- uses: other/action@${OLD}\n- uses: ./local\nactions/checkout@${OLD}\n- uses: actions/checkout@v6\n`;
  expect(copyPins([`- uses: actions/checkout@${NEW}\n`], page)).toBe(page);
});
