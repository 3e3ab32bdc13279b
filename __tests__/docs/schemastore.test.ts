import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { DEFAULT_FILE } from '../../src/github/release-file.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('the entry for SchemaStore is for the release file, and has the URL of the example', () => {
  const entry = z
    .strictObject({
      name: z.string(),
      description: z.string(),
      fileMatch: z.array(z.string()),
      url: z.url(),
    })
    .parse(JSON.parse(read('.github/schemastore.json')));
  expect(entry.fileMatch).toContain(DEFAULT_FILE);
  expect(read('examples/canary.yml')).toContain(`# yaml-language-server: $schema=${entry.url}\n`);
});
