import { copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

const root = join(import.meta.dirname, '..');
const client = 'node_modules/@kubernetes/client-node';

/**
 * Bundles the action from `src/` into a folder, whose content it replaces: tsc strips the types, and ncc puts everything but
 * the small entries into one file.
 *
 * The Kubernetes client's generated models are 15 MB of code that the action never calls: it uses the kubeconfig part
 * alone. The package does not say that its modules have no side effects, so a bundler has to keep all of them. The bundle is
 * therefore built with a copy of the package that does (measured: 5.7 MB to 1.8 MB, 144 MB to 82 MB of memory, 0.5 s to
 * 0.25 s to start).
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

    await mkdir(join(lib, client), { recursive: true });
    await cp(join(root, client), join(lib, client), { recursive: true });
    const manifest = join(lib, client, 'package.json');
    const original: unknown = JSON.parse(await readFile(manifest, 'utf8'));
    await writeFile(
      manifest,
      JSON.stringify({ ...(original as object), sideEffects: ['./dist/polyfill.js'] }, undefined, 2),
    );

    // From the folder above it, since the names that ncc gives to modules depend on the path to them.
    await run({ cwd: work })`ncc build lib/action.js --quiet --minify --out bundle --license licenses.txt`;
    await rename(join(bundle, 'index.js'), join(bundle, 'action.js'));
    // These stay apart from the bundle: any Node can parse them, and name the version that the bundle needs.
    for (const entry of ['main.js', 'post.js', 'cli.js', 'node-version.js'])
      await copyFile(join(lib, entry), join(bundle, entry));

    await rm(folder, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    await rename(bundle, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
