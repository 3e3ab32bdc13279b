import { Ajv } from 'ajv';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fromSchema } from '../support/from-schema.ts';
import type { Schema } from '../support/from-schema.ts';
import { CRDS, legalDestinationRule, legalVirtualService } from '../support/istio-arbitraries.ts';
import { expectHolds, readBack } from '../support/properties.ts';

/** The generator itself is checked by a validator that somebody else wrote. */
const ajv = new Ajv({ strict: false, formats: { int32: true, double: true, byte: true } });

const validate = {
  VirtualService: ajv.compile(CRDS.VirtualService),
  DestinationRule: ajv.compile(CRDS.DestinationRule),
  Gateway: ajv.compile(CRDS.Gateway),
};

function problemsOf(kind: keyof typeof validate, value: unknown): unknown {
  validate[kind](value);
  return validate[kind].errors;
}

describe('values generated from a schema', () => {
  test.each(['VirtualService', 'DestinationRule', 'Gateway'] as const)('are valid for a %s', (kind) =>
    expectHolds(
      150,
      fc.property(fromSchema(CRDS[kind]), (spec) => {
        expect(problemsOf(kind, readBack(spec))).toBeNull();
      }),
    ),
  );

  test('are valid for the legal objects of the other tests', () =>
    expectHolds(
      150,
      fc.property(legalVirtualService, legalDestinationRule, (vs, rule) => {
        expect(problemsOf('VirtualService', vs.spec)).toBeNull();
        expect(problemsOf('DestinationRule', rule.spec)).toBeNull();
      }),
    ));

  test('know patterns, defaults, numbers or texts, and fields that nobody knows', () => {
    const schema: Schema = {
      type: 'object',
      required: ['name', 'port', 'mode'],
      properties: {
        name: { type: 'string', pattern: '^[a-z]{3}$' },
        port: { 'x-kubernetes-int-or-string': true },
        mode: { type: 'string', enum: ['A', 'B'], default: 'A' },
      },
      'x-kubernetes-preserve-unknown-fields': true,
    };
    const values = fc.sample(fromSchema(schema), { numRuns: 200, seed: 1 }) as Record<string, unknown>[];
    expect(values.every(({ name }) => /^[a-z]{3}$/.test(String(name)))).toBe(true);
    expect(new Set(values.map(({ port }) => typeof port))).toEqual(new Set(['number', 'string']));
    expect(new Set(values.map(({ mode }) => mode))).toEqual(new Set(['A', 'B']));
    expect(values.some((value) => 'xNewField' in value)).toBe(true);
  });
});
