import { describe, expect, test } from '@jest/globals';
import { LANGUAGES, descriptionsIn, readme } from '../../scripts/readme.ts';

describe.each(LANGUAGES)('$file', (language) => {
  test('has the tables that npm run readme generates from action.yml', async () => {
    const { current, filled } = await readme(language);
    expect(current).toBe(filled);
  });

  test('describes exactly the inputs and outputs of action.yml, in the same order', async () => {
    const [original, own] = await Promise.all([
      descriptionsIn('action.yml'),
      descriptionsIn(language.source),
    ]);
    expect([Object.keys(own.inputs), Object.keys(own.outputs)]).toEqual([
      Object.keys(original.inputs),
      Object.keys(original.outputs),
    ]);
  });
});
