/**
 * Generates the committed JSON Schemas: `canary.schema.json`, with which editors check and complete the release file (the
 * descriptions come from action.yml), and `report.schema.json` for `report.json`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import * as prettier from 'prettier';
import { z } from 'zod';
import { DEFAULT_FILE, RELEASE_FILE } from '../src/github/release-file.ts';
import { METRICS_FORM } from '../src/github/parsers/metrics.ts';
import { REPORT } from '../src/report/schema.ts';

const root = join(import.meta.dirname, '..');

/** The committed files. */
export const SCHEMA_FILE = join(root, 'canary.schema.json');
export const REPORT_SCHEMA_FILE = join(root, 'report.schema.json');

const manifest = z.object({ inputs: z.record(z.string(), z.object({ description: z.string() })) });

/** The JSON Schema of the release file. */
export async function releaseFileSchema(): Promise<z.core.JSONSchema.JSONSchema> {
  const { inputs } = manifest.parse(load(await readFile(join(root, 'action.yml'), 'utf8')));
  const generated = z.toJSONSchema(RELEASE_FILE.extend({ metrics: METRICS_FORM.optional() }), {
    io: 'input',
    target: 'draft-07',
  });
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

/** The JSON Schema of `report.json`. */
export function reportSchema(): z.core.JSONSchema.JSONSchema {
  const { $schema, ...rest } = z.toJSONSchema(REPORT, { io: 'output', target: 'draft-07' });
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: 'Report of a run of multicluster-canary',
    ...rest,
  };
}

async function write(file: string, schema: z.core.JSONSchema.JSONSchema): Promise<void> {
  const options = await prettier.resolveConfig(file);
  await writeFile(file, await prettier.format(JSON.stringify(schema), { ...options, filepath: file }));
}

if (process.argv[1] === import.meta.filename) {
  await write(SCHEMA_FILE, await releaseFileSchema());
  await write(REPORT_SCHEMA_FILE, reportSchema());
}
