import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { z } from 'zod';
import { FILE_LIMITS, readBoundedFile } from '../core/read-file.ts';

const MANIFEST = z.object({ inputs: z.record(z.string(), z.object({ description: z.string() })) });

/** What action.yml says about each input. */
export function readDescriptions(actionYml: URL): ReadonlyMap<string, string> {
  const text = readBoundedFile(fileURLToPath(actionYml), FILE_LIMITS.manifest);
  const { inputs } = MANIFEST.parse(load(text));
  return new Map(Object.entries(inputs).map(([name, { description }]) => [name, description]));
}
