import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
};

/**
 * These run the action as a runner does, from a bundle of the sources as they are now.
 *
 * @type {import('jest').Config}
 */
const fleet = { ...shared, globalSetup: '<rootDir>/testbed/fresh-bundle.ts' };

/** @type {import('jest').Config} */
export default {
  // Twice the cores, since tests wait for most of their time.
  maxWorkers: Math.min(8, 2 * availableParallelism()),
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/__tests__/scenarios/', '<rootDir>/__tests__/faults/'],
    },
    { ...fleet, displayName: 'faults', testMatch: ['<rootDir>/__tests__/faults/*.test.ts'] },
    {
      ...fleet,
      displayName: 'scenarios',
      testMatch: ['<rootDir>/__tests__/scenarios/*.test.ts'],
      testEnvironment: '<rootDir>/testbed/mesh/jest-environment.ts',
    },
  ],
  testTimeout: 180_000,
};
