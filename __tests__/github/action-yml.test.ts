import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { z } from 'zod';
import { INPUTS } from '../../src/github/inputs.ts';
import { outputsOf } from '../../src/github/outputs.ts';
import { releaseFromInputs } from '../../src/github/release-from-inputs.ts';
import { emptyRecord } from '../../src/report/run-record.ts';
import { inputs } from '../support/inputs.ts';

const action = z
  .object({
    inputs: z.record(
      z.string(),
      z.object({ description: z.string(), required: z.boolean(), default: z.string().optional() }),
    ),
    outputs: z.record(z.string(), z.object({ description: z.string() })),
    runs: z.object({ using: z.string(), main: z.string() }),
  })
  .parse(load(readFileSync(new URL('../../action.yml', import.meta.url), 'utf8')));

const described = Object.entries(action.inputs);
const SCHEMAS = new Map(Object.entries(INPUTS.shape));

test('action.yml lists the inputs that the action reads, in the same order', () => {
  expect(Object.keys(action.inputs)).toEqual([...SCHEMAS.keys()]);
});

test('action.yml lists the outputs that the action sets', () => {
  expect(Object.keys(action.outputs).toSorted()).toEqual(
    Object.keys(outputsOf(emptyRecord('status', 'a', 'b'))).toSorted(),
  );
});

test('a required input may come from the release file, and says so', () => {
  const needed = [...SCHEMAS]
    .filter(([, schema]) => !schema.safeParse(undefined).success)
    .map(([name]) => name);
  const said = described
    .filter(([, { description }]) => description.includes('Required, here or in the release file.'))
    .map(([name]) => name);
  expect([said, described.filter(([, { required }]) => required)]).toEqual([needed, []]);
});

describe('the default in a description', () => {
  const told = described.flatMap(([name, { description }]) => {
    const text = /Default: `([^`]*)`\.$/.exec(description.trim())?.[1];
    return text === undefined ? [] : [{ name, text }];
  });
  const fixed = told.filter(({ name }) => SCHEMAS.get(name)?.safeParse(undefined).data !== undefined);
  const derived = told.filter((one) => !fixed.includes(one));

  test.each(fixed)('of $name, $text, is its default', ({ name, text }) => {
    const schema = SCHEMAS.get(name);
    expect(schema?.safeParse(undefined).data).toEqual(schema?.safeParse(text).data);
  });

  test('is mentioned wherever there is one', () => {
    const silent = ['ingress', 'steps', 'headers', 'metrics-headers'];
    const having = [...SCHEMAS].filter(
      ([name, schema]) => !silent.includes(name) && schema.safeParse(undefined).data !== undefined,
    );
    expect(fixed.map(({ name }) => name)).toEqual(having.map(([name]) => name));
  });

  test('is otherwise that of another input or of a file', () => {
    expect(derived).toEqual([
      { name: 'target-port', text: 'port' },
      { name: 'virtual-service', text: 'app' },
      { name: 'destination-rule', text: 'app' },
      { name: 'hosts', text: '*' },
      { name: 'config', text: '.github/canary.yml' },
    ]);
  });

  test('is the name of the app for VirtualService and DestinationRule', () => {
    const { release } = releaseFromInputs(inputs({ app: 'shop' }).values, undefined);
    expect([release?.traffic.virtualService, release?.traffic.destinationRule]).toEqual(['shop', 'shop']);
  });
});

test.each(described)('the description of %s is a sentence', (_name, { description }) => {
  expect(description).toMatch(/^[A-Z`].*\.$/s);
});
