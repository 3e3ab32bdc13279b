import js from '@eslint/js';
import importX from 'eslint-plugin-import-x';
import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

/** The rooms of src, and the rooms that each may import from. One direction: nothing goes back. */
const ROOMS = {
  release: [],
  cluster: ['release'],
  check: ['release'],
  fleet: ['release', 'cluster'],
  report: ['release', 'check'],
  operations: ['release', 'cluster', 'check', 'fleet', 'report'],
  action: ['release', 'cluster', 'fleet', 'operations', 'report', 'check'],
};

/** Packages that one room alone may import. */
const OWNED = [
  { room: 'action', pattern: '^@actions/' },
  { room: 'cluster', pattern: '^@kubernetes/client-node' },
];

const zones = Object.entries(ROOMS).map(([room, allowed]) => ({
  target: `./src/${room}`,
  from: './src',
  except: [room, ...allowed].map((name) => `./${name}`),
  message: `src/${room} may import from ${allowed.join(', ') || 'no other room'} alone.`,
}));

export default tseslint.config(
  { ignores: ['dist/', 'lib/', 'node_modules/', 'coverage/', '.cache/', '.test-output/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      // Index signatures are read by brackets, as the compiler asks for in the environment and in open objects.
      '@typescript-eslint/dot-notation': 'off',
      // What is left out by destructuring is left out on purpose.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { varsIgnorePattern: '^_', argsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { 'import-x': importX },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-cycle': 'error',
    },
  },
  // A file has one rule of this name: each room gets the patterns of all the packages that belong to others.
  ...Object.keys(ROOMS).map((room) => ({
    files: [`src/${room}/**/*.ts`],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: OWNED.filter((owned) => owned.room !== room).map((owned) => ({
            regex: owned.pattern,
            message: `Only src/${owned.room} imports this package.`,
          })),
        },
      ],
    },
  })),
  {
    files: ['__tests__/**/*.ts'],
    // Objects are written as they go over the wire, whatever classes a client has for them.
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
  },
  {
    files: ['__tests__/**/*.test.ts'],
    extends: [jest.configs['flat/recommended']],
    rules: {
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect', 'stage.pass'] }],
      'jest/no-conditional-expect': 'error',
    },
  },
);
