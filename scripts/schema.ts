/**
 * Makes `canary.schema.json`, by which editors check and complete the release file, from the schema that the action reads it
 * by; the descriptions are those of action.yml.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import * as prettier from 'prettier';
import { z } from 'zod';
import { DEFAULT_FILE, RELEASE_FILE } from '../src/action/release-file.ts';

const root = join(import.meta.dirname, '..');

/** Where the schema is kept. */
export const SCHEMA_FILE = join(root, 'canary.schema.json');

const manifest = z.object({ inputs: z.record(z.string(), z.object({ description: z.string() })) });

/** The JSON Schema of the release file. */
export async function releaseFileSchema(): Promise<z.core.JSONSchema.JSONSchema> {
  const { inputs } = manifest.parse(load(await readFile(join(root, 'action.yml'), 'utf8')));
  const generated = z.toJSONSchema(RELEASE_FILE, { io: 'input', target: 'draft-07' });
  const { $schema, properties = {}, ...rest } = generated;
  const described = Object.entries(properties).map(([key, schema]) => {
    const description = inputs[key]?.description;
    if (description === undefined) throw new Error(`action.yml does not describe ${key}`);
    return [key, typeof schema === 'object' ? { description, ...schema } : schema] as const;
  });
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: 'Release file of multicluster-canary',
    description: `What to release, and where (${DEFAULT_FILE}). The keys are inputs of the action; an input that is given to the action wins.`,
    ...rest,
    properties: Object.fromEntries(described),
  };
}

if (process.argv[1] === import.meta.filename) {
  const options = await prettier.resolveConfig(SCHEMA_FILE);
  const text = JSON.stringify(await releaseFileSchema());
  await writeFile(SCHEMA_FILE, await prettier.format(text, { ...options, filepath: SCHEMA_FILE }));
}
