import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * The import rules of src: which folders, packages and parts of Node each folder may use. `__tests__/structure/import-rules.test.ts` shows that
 * each rule fails a file that breaks it.
 */

/** The folders of src, and the folders that each may import from: one direction, without a way back. */
const FOLDERS = {
  core: [],
  texts: ['core'],
  kubernetes: ['core', 'texts'],
  istio: ['core', 'texts', 'kubernetes'],
  'gateway-api': ['core', 'texts', 'kubernetes'],
  release: ['core', 'texts', 'kubernetes', 'istio', 'gateway-api'],
  fleet: ['core', 'texts', 'kubernetes', 'istio', 'gateway-api', 'release'],
  verify: ['core', 'texts', 'kubernetes', 'istio', 'gateway-api', 'release'],
  metrics: ['core', 'texts', 'kubernetes', 'istio', 'release', 'verify'],
  diagnosis: ['core', 'texts', 'kubernetes', 'istio', 'gateway-api', 'release', 'fleet', 'verify', 'metrics'],
  report: ['core', 'texts', 'kubernetes', 'istio', 'release', 'verify', 'metrics', 'diagnosis'],
  operations: [
    'core',
    'texts',
    'kubernetes',
    'istio',
    'gateway-api',
    'release',
    'fleet',
    'verify',
    'metrics',
    'diagnosis',
    'report',
  ],
  github: [
    'core',
    'texts',
    'kubernetes',
    'istio',
    'release',
    'fleet',
    'verify',
    'metrics',
    'diagnosis',
    'report',
    'operations',
  ],
  // The same jobs without GitHub: it brings a host of its own, and everything else from there.
  cli: ['core', 'texts', 'report', 'github'],
};

/** The folder that owns each package. Where several folders need one, the reason is given. */
const OWNERS = {
  '@actions/core': ['github'],
  '@actions/github': ['github'],
  '@kubernetes/client-node': ['kubernetes'],
  '@discoveryjs/json-ext': ['report'],
  '@hyperjump/json-pointer': ['verify', 'metrics', 'github'],
  diff: ['report'],
  // core/yaml.ts reads and prints plain YAML for everybody; manifests need kubectl's YAML 1.1.
  'js-yaml': ['core', 'github', 'cli'],
  leven: ['github', 'cli'],
  'p-limit': ['fleet', 'metrics'],
  // Each remote end fails in its own way: a Kubernetes call, a confirmed write, a notification to GitHub.
  'p-retry': ['kubernetes', 'fleet', 'github'],
  'p-timeout': ['kubernetes', 'github'],
  // Durations of inputs, and those in queries.
  'parse-duration': ['github', 'metrics'],
  '@prometheus-io/lezer-promql': ['metrics'],
  re2js: ['core'],
  socks: ['core'],
  // Three kinds of requests: those to API servers, those that users would send to an ingress, and those for metrics. Each may need
  // a proxy, as GitHub's API may.
  undici: ['core', 'github', 'kubernetes', 'verify', 'metrics'],
  // The lines of the release file; kubectl's YAML is that of js-yaml.
  yaml: ['github'],
  // Data from outside are parsed where they come in, and the report has a schema of its own.
  zod: ['core', 'kubernetes', 'istio', 'release', 'fleet', 'metrics', 'report', 'github', 'cli'],
};

/** The packages by which texts leave the process, and the one file of their owner that uses them: it redacts every text. */
const OUTLETS = {
  '@actions/core': 'src/github/runner.ts',
  '@actions/github': 'src/github/api.ts',
};

/** The files that write files. */
const WRITERS = ['src/github/publish.ts', 'src/report/replace-file.ts'];
const NO_WRITES = {
  regex: '^node:fs(/promises)?$',
  importNamePattern: '^(write|append|createWriteStream|copy|cp|rename|symlink|link)',
  message: 'Only the files that redact what they write may write files: see WRITERS in eslint.imports.js.',
};

/**
 * The files that do I/O, wait or read a clock. Every other file of src computes with values alone; a new file is held to
 * that until it is listed here.
 */
const IMPURE = [
  'src/*.ts',
  'src/core/{clock,proxy,read-file,signals,tunnel,turns,workspace}.ts',
  'src/kubernetes/client/**/*.ts',
  'src/fleet/**/*.ts',
  'src/verify/{address-ways,exchange,find-ingress,gateway-pods,gateway-services,ingress-client,listener-services,pod-way,pod-ways,probe,response-body,sampler,ways}.ts',
  'src/metrics/{metric-readers,pod-forward,pod-proxy,watch-metrics,web-client}.ts',
  'src/diagnosis/read-snapshot.ts',
  'src/report/{replace-file,run-log,write-report}.ts',
  'src/operations/**/*.ts',
  'src/github/**/*.ts',
  'src/cli/{descriptions,host,interrupts,main,streams,summary-file,value-files}.ts',
];

/** The files that need the time of day rather than a duration, and nothing else will do. */
const TIME_OF_DAY = [
  'src/fleet/event-sender.ts',
  'src/fleet/transaction/lease-format.ts',
  'src/kubernetes/client/connection.ts',
  'src/report/{run-log,run-record}.ts',
];

/** The files that may ask the process for its environment, its streams and its signals. */
const PROCESS = [
  'src/*.ts',
  'src/core/proxy.ts',
  'src/github/**/*.ts',
  'src/cli/{host,interrupts,main,streams}.ts',
  'src/kubernetes/client/{kubeconfig,login,run-command}.ts',
];

const PURE_MESSAGE =
  'This file is pure: it takes values and returns values. Do I/O in a file that eslint.imports.js lists as impure.';
const NO_IO = [
  {
    // Of Node's modules, only those that compute.
    regex: '^(node:(?!util$|crypto$)|undici$|p-|@kubernetes/client-node)|/kubernetes/client/|^\\./client/',
    message: PURE_MESSAGE,
  },
  { regex: '^node:crypto$', importNamePattern: '^(?!createHash$)', message: PURE_MESSAGE },
];

const CLOCKS_AND_TIMERS = [
  'performance',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
].map((name) => ({ name, message: 'This file is pure: take the time or the response as an argument.' }));

const NO_PROCESS = {
  name: 'process',
  message:
    'Only the entry points, src/github, the kubeconfig reader, logins and proxies ask the process for anything.',
};

const NO_STREAMS = ['stdout', 'stderr'].map((property) => ({
  object: 'process',
  property,
  message: 'Only src/github/runner.ts and src/cli/streams.ts write to the streams: they redact every text.',
}));

const TIME_OF_DAY_CALLS = [
  "MemberExpression[object.name='Date'][property.name='now']",
  "NewExpression[callee.name='Date'][arguments.length=0]",
].map((selector) => ({
  selector,
  message:
    'The time of day can jump: measure durations by performance.now(), or take the time as an argument.',
}));

const LITERAL_LIMITS = [
  'CallExpression[callee.name=/^(setTimeout|setInterval|endAfter|graceAfter)$/] > Literal[raw=/^[0-9]/]',
  "CallExpression[callee.object.name='AbortSignal'][callee.property.name='timeout'] > Literal[raw=/^[0-9]/]",
].map((selector) => ({
  selector,
  message: 'Time limits are in src/core/deadlines.ts, where it shows what else has to fit.',
}));

const RANDOM_CALLS = [
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'Take chance as an argument, so that a test can choose it.',
  },
];

/**
 * @param {string} folder of src, or '' for the files at its root
 * @param {string} [file] of the folder, which may use the packages that only this file uses
 */
function packagesOf(folder, file) {
  const owned = Object.keys(OWNERS).filter(
    (name) => OWNERS[name].includes(folder) && (OUTLETS[name] ?? file) === file,
  );
  return {
    regex: `^(?!\\.|node:${owned.map((name) => `|${name}(?:/|$)`).join('')})`,
    message: `${folder === '' ? 'The entry points import' : `src/${folder} imports`} ${owned.join(', ') || 'no package'}: see the owners in eslint.imports.js.`,
  };
}

/**
 * @param {string[]} files globs
 * @param {string[]} ignores globs
 * @param {{ regex: string, message: string }[]} patterns what these files may not import
 */
function restrictImports(files, ignores, patterns) {
  return { files, ignores, rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] } };
}

/** What `import-x/no-restricted-paths` keeps apart. */
const ZONES = [
  ...Object.entries(FOLDERS).map(([folder, allowed]) => ({
    target: `./src/${folder}`,
    from: './src',
    except: [folder, ...allowed].map((name) => `./${name}`),
    message: `src/${folder} may import from ${allowed.join(', ') || 'no other folder'} alone.`,
  })),
  {
    target: './src/diagnosis/causes',
    from: './src/fleet',
    message: 'A cause takes what was read as values: src/diagnosis/read-snapshot.ts reads it.',
  },
  {
    target: './src/operations',
    from: ['run-record', 'run-log', 'fold-run'].map((file) => `./src/report/${file}.ts`),
    message:
      'Operations record what happens and cannot read it: what decides is returned from stage to stage.',
  },
];

/** ESLint takes the last configuration of a rule, so each file gets all that it must not use at once. */
const IMPORT_RULES = [
  {
    files: ['src/**/*.ts'],
    languageOptions: { parser: tseslint.parser },
    plugins: { '@typescript-eslint': tseslint.plugin, 'import-x': importX },
    // Without these the plugin does not read files that end in .ts, and every import passes.
    settings: {
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones: ZONES }],
      // A longer file disables this in its first comment, with the reason after `--`.
      'max-lines': ['error', { max: 300 }],
    },
  },
  restrictImports(['src/*.ts'], [], [packagesOf(''), NO_WRITES]),
  ...Object.keys(FOLDERS).flatMap((folder) => [
    restrictImports([`src/${folder}/**/*.ts`], WRITERS, [packagesOf(folder), NO_WRITES]),
    restrictImports([`src/${folder}/**/*.ts`], [...IMPURE, ...WRITERS], [packagesOf(folder), ...NO_IO]),
  ]),
  ...Object.values(OUTLETS).map((file) =>
    restrictImports([file], [], [packagesOf('github', file), NO_WRITES]),
  ),
  ...WRITERS.map((file) => restrictImports([file], [], [packagesOf(file.split('/')[1])])),
  { files: ['src/**/*.ts'], rules: { 'no-console': 'error' } },
  {
    files: ['src/**/*.ts'],
    // The first runs before there is anything to redact, and the second redacts.
    ignores: ['src/node-version.ts', 'src/cli/streams.ts'],
    rules: { 'no-restricted-properties': ['error', ...NO_STREAMS] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: PROCESS,
    rules: { 'no-restricted-globals': ['error', NO_PROCESS] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: IMPURE,
    rules: { 'no-restricted-globals': ['error', NO_PROCESS, ...CLOCKS_AND_TIMERS] },
  },
  {
    files: ['src/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...TIME_OF_DAY_CALLS, ...RANDOM_CALLS, ...LITERAL_LIMITS] },
  },
  { files: TIME_OF_DAY, rules: { 'no-restricted-syntax': ['error', ...RANDOM_CALLS, ...LITERAL_LIMITS] } },
];

export default IMPORT_RULES;
