import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { enumerate } from './enumeration/enumerate.ts';
import type { Result } from './enumeration/enumerate.ts';
import { FAULTS } from './enumeration/faults.ts';
import { OPERATIONS } from './enumeration/operations.ts';
import { TRAFFIC_APIS } from '../scenarios/support/traffic-api.ts';

// Hundreds of runs; a slow machine takes its time.
jest.setTimeout(1_200_000);

/** By default every fault once in every operation, at a call that the seed chooses; `npm run faults` tries all calls. */
const sample = Number(process.env['CANARY_SAMPLE'] ?? OPERATIONS.length * FAULTS.length);
const seed = Number(process.env['CANARY_SEED'] ?? 1);

const results: Result[] = [];
const violations: { readonly operation: string; readonly text: string }[] = [];
beforeAll(async () => {
  const found = await enumerate({
    operations: OPERATIONS,
    apis: TRAFFIC_APIS,
    faults: FAULTS,
    sample,
    seed,
    lanes: 4,
    onViolation: (text, logs, { operation }) =>
      violations.push({ operation: operation.name, text: `${text}\n${logs}` }),
    onProgress: () => undefined,
  });
  results.push(...found);
});

describe('a fault at any call leaves users served, all clusters in agreement, nothing locked, and a rerun that passes (scenario 25)', () => {
  test.each(OPERATIONS.map(({ name }) => name))('in the operation %s', (name) => {
    expect(violations.filter(({ operation }) => operation === name).map(({ text }) => text)).toEqual([]);
    const tried = results.filter(({ operation, outcome }) => operation === name && outcome === 'tried');
    expect(tried.length).toBeGreaterThan(sample / OPERATIONS.length / 2);
  });
});
