import js from '@eslint/js';
import importX from 'eslint-plugin-import-x';
import jest from 'eslint-plugin-jest';
import tseslint from 'typescript-eslint';

/** The rooms of src, and the rooms that each may import from. One direction: nothing goes back. */
const ROOMS = {
  core: [],
  kubernetes: ['core'],
  istio: ['core', 'kubernetes'],
  release: ['core', 'kubernetes', 'istio'],
  fleet: ['core', 'kubernetes', 'istio', 'release'],
  verify: ['core', 'kubernetes', 'istio', 'release'],
  diagnosis: ['core', 'kubernetes', 'istio', 'release', 'verify'],
  report: ['core', 'kubernetes', 'istio', 'release', 'verify', 'diagnosis'],
  operations: ['core', 'kubernetes', 'istio', 'release', 'fleet', 'verify', 'diagnosis', 'report'],
  github: ['core', 'kubernetes', 'istio', 'release', 'fleet', 'verify', 'diagnosis', 'report', 'operations'],
};

/** Packages that one room alone may import. */
const OWNED = [
  { room: 'github', pattern: '^@actions/' },
  { room: 'kubernetes', pattern: '^@kubernetes/client-node' },
];

/** Files that compute with values alone: no I/O, no clock, no environment. */
const PURE = [
  'src/kubernetes/*.ts',
  'src/istio/**/*.ts',
  'src/release/**/*.ts',
  'src/verify/statistics/**/*.ts',
  'src/verify/comparison.ts',
  'src/diagnosis/causes/**/*.ts',
];
const IMPURE = {
  // Of Node's own modules only those that compute.
  regex: '^(node:(?!util$)|undici|p-retry|p-limit|p-timeout|tinyglobby)',
  message: 'This file is pure: it takes values and returns values. Do I/O in the room that calls it.',
};
const CLOCKS = ['process', 'performance', 'fetch', 'setTimeout', 'setInterval', 'setImmediate'].map(
  (name) => ({
    name,
    message: 'This file is pure: hand over the value instead of asking the environment or a clock.',
  }),
);
const CLOCK_CALLS = [
  "MemberExpression[object.name='Date'][property.name='now']",
  "NewExpression[callee.name='Date'][arguments.length=0]",
  "MemberExpression[object.name='Math'][property.name='random']",
].map((selector) => ({ selector, message: 'This file is pure: time and chance are handed over as values.' }));

const zones = [
  ...Object.entries(ROOMS).map(([room, allowed]) => ({
    target: `./src/${room}`,
    from: './src',
    except: [room, ...allowed].map((name) => `./${name}`),
    message: `src/${room} may import from ${allowed.join(', ') || 'no other room'} alone.`,
  })),
  {
    target: [
      './src/core',
      './src/kubernetes/!(client)',
      './src/istio',
      './src/release',
      './src/diagnosis',
      './src/report',
    ],
    from: './src/kubernetes/client',
    message: 'This room does not talk to a cluster: it takes what was read as values.',
  },
  {
    target: './src/operations',
    from: ['run-record', 'run-log', 'fold-run'].map((file) => `./src/report/${file}.ts`),
    message:
      'Operations record what happens and cannot read it: what decides is returned from stage to stage.',
  },
];

/** @param {string} room a folder of src */
function foreignPackages(room) {
  return OWNED.filter((owned) => owned.room !== room).map((owned) => ({
    regex: owned.pattern,
    message: `Only src/${owned.room} imports this package.`,
  }));
}

/**
 * @param {string[]} files globs
 * @param {{ regex: string, message: string }[]} patterns what these files may not import
 */
function restrictImports(files, patterns) {
  return { files, rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] } };
}

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
    // Without these the plugin reads no file that ends in .ts, and finds no cycle.
    settings: {
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-cycle': 'error',
    },
  },
  // ESLint takes the last configuration of a rule, so each set of files gets all of its patterns at once.
  ...Object.keys(ROOMS).map((room) => restrictImports([`src/${room}/**/*.ts`], foreignPackages(room))),
  ...['kubernetes', 'istio', 'release', 'verify', 'diagnosis'].map((room) =>
    restrictImports(
      PURE.filter((files) => files.startsWith(`src/${room}/`)),
      [...foreignPackages(room), IMPURE],
    ),
  ),
  {
    files: PURE,
    rules: {
      'no-restricted-globals': ['error', ...CLOCKS],
      'no-restricted-syntax': ['error', ...CLOCK_CALLS],
    },
  },
  {
    files: ['__tests__/**/*.ts'],
    // Objects are written as they go over the wire, whatever classes a client has for them.
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
  },
  {
    files: ['__tests__/**/*.test.ts'],
    extends: [jest.configs['flat/recommended']],
    rules: {
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect', 'expect[A-Z]*', 'stage.pass'] }],
      'jest/no-conditional-expect': 'error',
    },
  },
);
