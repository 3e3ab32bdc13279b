import { z } from 'zod';
import type { KubeObject } from './objects.ts';

const texts = z.record(z.string(), z.unknown()).catch({});

/** The values of a Secret, as they are and in base64; none for any other object. */
export function secretValuesOf(object: KubeObject): readonly string[] {
  if (object.kind !== 'Secret') return [];
  const encoded = textsOf(object['data']);
  return [
    ...textsOf(object['stringData']),
    ...encoded,
    ...encoded.map((value) => Buffer.from(value, 'base64').toString('utf8')),
  ];
}

function textsOf(field: unknown): readonly string[] {
  return Object.values(texts.parse(field)).filter((value) => typeof value === 'string');
}
