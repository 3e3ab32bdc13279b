import { describe, expect, test } from '@jest/globals';
import { LANGUAGES, descriptionsIn, readme } from '../../scripts/readme.ts';

describe.each(LANGUAGES)('$file', (language) => {
  test('holds the tables that action.yml makes (npm run readme)', async () => {
    const { stands, filled } = await readme(language);
    expect(stands).toBe(filled);
  });

  test('describes the inputs and outputs of action.yml, and no others, in their order', async () => {
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
