// Takes the schemas of Istio's custom resources from the manifest that testbed/mesh installs, for the property tests: node
// scripts/crd-schemas.ts MANIFEST
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { z } from 'zod';

const KINDS = ['VirtualService', 'DestinationRule', 'Gateway'];

const crd = z.object({
  spec: z.object({
    group: z.literal('networking.istio.io'),
    names: z.object({ kind: z.enum(KINDS) }),
    versions: z.array(
      z.object({
        name: z.string(),
        schema: z.object({
          openAPIV3Schema: z.object({ properties: z.object({ spec: z.record(z.string(), z.unknown()) }) }),
        }),
      }),
    ),
  }),
});

const found = loadAll(readFileSync(process.argv[2] ?? '', 'utf8')).flatMap((document) => {
  const { data } = crd.safeParse(document);
  const version = data?.spec.versions.find(({ name }) => name === 'v1');
  return data === undefined || version === undefined
    ? []
    : [[data.spec.names.kind, version.schema.openAPIV3Schema.properties.spec] as const];
});

/** Descriptions are most of the text, and say nothing to a program; a field may have that name too. */
const text = JSON.stringify(Object.fromEntries(found), (key, value: unknown) =>
  key === 'description' && typeof value === 'string' ? undefined : value,
);
writeFileSync(join(import.meta.dirname, '../__tests__/support/istio-crds.json'), `${text}\n`);
