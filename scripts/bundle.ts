import { copyFile, cp, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { splitBundle } from './split-bundle.ts';

const root = join(import.meta.dirname, '..');

/**
 * Packages of which the bundle needs a part, and which do not say which of their modules have side effects: with them as they are,
 * every start would load all of it. The Kubernetes client has 15 MB of generated models; the action uses its kubeconfig.
 * `@actions/core` can also ask GitHub for an OIDC token, with an HTTP client that brings an undici of its own.
 */
const SIDE_EFFECTS = { '@kubernetes/client-node': ['./dist/polyfill.js'], '@actions/core': [] };

/** What the action uses of undici, each loaded when it is first used: `fetch` and its classes come last, if at all. */
const UNDICI_PARTS = {
  Agent: './lib/dispatcher/agent.js',
  Client: './lib/dispatcher/client.js',
  Pool: './lib/dispatcher/pool.js',
  buildConnector: './lib/core/connect.js',
};

/** Packages that are evaluated when what they export is first used: most runs reach their first call, or their end, without. */
const LAZY = {
  '@prometheus-io/lezer-promql': './dist/index.cjs',
  re2js: './build/index.js',
  yaml: './dist/index.js',
  socks: './build/index.js',
  'socks-proxy-agent': './dist/index.js',
  hpagent: './index.js',
  diff: './libesm/index.js',
  '@discoveryjs/json-ext': './src/index.js',
};

/**
 * Bundles the action from `src/` into a folder, whose content it replaces: tsc strips the types, and ncc puts everything but
 * the small entries into one file, which is split by when a run needs it.
 */
export async function bundleInto(folder: string): Promise<void> {
  const run = execa({ cwd: root, preferLocal: true, localDir: root, stdin: 'ignore', stdout: 2, stderr: 2 });
  await mkdir(join(root, '.cache'), { recursive: true });
  // Inside the repository, so that imports find its node_modules.
  const work = await mkdtemp(join(root, '.cache/build-'));
  try {
    const lib = join(work, 'lib');
    const bundle = join(work, 'bundle');
    await run`tsc -p tsconfig.build.json --outDir ${lib}`;

    for (const [name, sideEffects] of Object.entries(SIDE_EFFECTS))
      await changedCopy(lib, name, { sideEffects });
    await changedCopy(lib, 'undici', {});
    await writeFile(join(lib, 'node_modules/undici/index.js'), undiciIndex());
    for (const [name, file] of Object.entries(LAZY)) {
      await changedCopy(lib, name, { exports: './lazy.cjs' });
      await writeFile(join(lib, 'node_modules', name, 'lazy.cjs'), await lazyIndex(name, file));
    }

    // From the folder above it, since the names that ncc gives to modules depend on the path to them.
    await run({ cwd: work })`ncc build lib/action.js --quiet --minify --out bundle --license licenses.txt`;
    await rename(join(bundle, 'index.js'), join(bundle, 'action.js'));
    await asAscii(bundle);
    // These stay apart from the bundle: any Node can parse them, and name the version that the bundle needs.
    for (const entry of ['main.js', 'post.js', 'cli.js', 'node-version.js'])
      await copyFile(join(lib, entry), join(bundle, entry));
    await splitBundle(bundle);

    await rm(folder, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    await rename(bundle, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A copy of a package that the bundle is built with, with a changed manifest. */
async function changedCopy(lib: string, name: string, change: object): Promise<void> {
  const copy = join(lib, 'node_modules', name);
  await mkdir(copy, { recursive: true });
  await cp(join(root, 'node_modules', name), copy, { recursive: true });
  const manifest = join(copy, 'package.json');
  const original: unknown = JSON.parse(await readFile(manifest, 'utf8'));
  await writeFile(manifest, JSON.stringify({ ...(original as object), ...change }, undefined, 2));
}

/** @param file that exports what the package does */
async function lazyIndex(name: string, file: string): Promise<string> {
  const names = Object.keys((await import(name)) as object).filter((one) => /^[a-z_$][\w$]*$/i.test(one));
  const getters = names.map((one) => `  get ${one}() { return require('${file}').${one}; },`);
  return ['module.exports = {', ...getters, '};', ''].join('\n');
}

function undiciIndex(): string {
  const getters = Object.entries(UNDICI_PARTS).map(
    ([name, file]) => `  get ${name}() { return require('${file}'); },`,
  );
  const fetch = "  fetch: (...given) => require('./lib/web/fetch/index.js').fetch(...given),";
  // As the package's own index does.
  const methods =
    "Object.assign(require('./lib/dispatcher/dispatcher.js').prototype, require('./lib/api/index.js'));";
  return [methods, 'module.exports = {', ...getters, fetch, '};', ''].join('\n');
}

/** Text with any other character takes twice the memory, all of it (V8 then stores two bytes a character). */
async function asAscii(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).filter((one) => one.endsWith('.js'))) {
    const code = await readFile(join(folder, name), 'utf8');
    await writeFile(join(folder, name), code.replace(/[\u0080-\uffff]/g, escaped));
  }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
