import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { GhReleases } from '../../support/gh-releases.ts';
import { ReleaseRepository } from '../../support/release-repository.ts';
import { runAct, standIns } from './act.ts';
import type { WorkflowRun } from './act.ts';

const ROOT = join(import.meta.dirname, '../../..');
const WORKFLOW = '.github/workflows/release.yml';

const composite = (inputs: readonly string[], run: string): string => `name: stand-in
description: stand-in
inputs:
${inputs.map((name) => `  ${name}: { description: input, default: '' }`).join('\n')}
runs:
  using: composite
  steps:
    - shell: bash
      env:
${inputs.map((name) => `        INPUT_${name.toUpperCase().replaceAll('-', '_')}: \${{ inputs.${name} }}`).join('\n')}
      run: |
${run.replaceAll(/^/gm, '        ')}
`;

/** Writes the names of the files that an attestation is about. */
const attest = (kind: string): string =>
  `for pattern in $INPUT_SUBJECT_PATH; do ls $pattern; done > "$RECORDS/${kind}"`;

/** The actions of the release workflow. */
const STUBS: ReadonlyMap<string, string> = new Map([
  [
    'actions/checkout',
    composite(
      ['ref', 'fetch-depth', 'persist-credentials'],
      `git init --quiet .
git remote add origin "$REMOTE"
git fetch --quiet origin '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*'
git checkout --quiet --detach "\${INPUT_REF:-$GITHUB_REF}"`,
    ),
  ],
  ['actions/setup-node', composite(['node-version-file', 'package-manager-cache'], 'true')],
  ['actions/attest-build-provenance', composite(['subject-path'], attest('provenance'))],
  [
    'actions/attest-sbom',
    composite(
      ['subject-path', 'sbom-path'],
      `${attest('sbom-subjects')}\ncp "$INPUT_SBOM_PATH" "$RECORDS/sbom.cdx.json"`,
    ),
  ],
]);

/** The release workflow in a repository of this project's form, run by `act`. */
export class ReleaseRun {
  readonly repository: ReleaseRepository;
  readonly releases: GhReleases;
  readonly #act: string;
  readonly #base: string;

  private constructor(act: string, base: string, repository: ReleaseRepository, releases: GhReleases) {
    this.#act = act;
    this.#base = base;
    this.repository = repository;
    this.releases = releases;
  }

  static async make(act: string): Promise<ReleaseRun> {
    const base = await mkdtemp(join(tmpdir(), 'release-run-'));
    for (const folder of ['bin', 'records', 'home', '.ci']) await mkdir(join(base, folder));
    for (const [name, text] of STUBS) {
      const path = join(base, 'stubs', name, 'action.yml');
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    // The checks themselves need packages, and run on every change.
    await writeFile(join(base, '.ci/run'), '[ "$1" = check ] && [ ! -e "$RECORDS/unchecked" ]\n');
    const repository = await ReleaseRepository.make();
    for (const path of [
      WORKFLOW,
      'scripts',
      'action.yml',
      'dist',
      '.nvmrc',
      'package.json',
      'package-lock.json',
    ])
      await repository.add(join(ROOT, path), path);
    await repository.add(join(base, '.ci'), '.ci');
    return new ReleaseRun(act, base, repository, await GhReleases.make(join(base, 'bin')));
  }

  /** Makes the checks of the sources fail. */
  async failChecks(): Promise<void> {
    await writeFile(join(this.#base, 'records/unchecked'), '');
  }

  /** What a stand-in has written. */
  async record(name: string): Promise<string> {
    return readFile(join(this.#base, 'records', name), 'utf8');
  }

  /** What GitHub does after the push of a tag. */
  async run(tag: string): Promise<WorkflowRun> {
    const ref = `refs/tags/${tag}`;
    const { folder } = await this.repository.clone();
    const eventPath = join(this.#base, 'event.json');
    await writeFile(
      eventPath,
      JSON.stringify({ ref, repository: { full_name: 'acme/canary', fork: false } }),
    );
    const folders = new Map([...STUBS.keys()].map((name) => [name, join(this.#base, 'stubs', name)]));
    return runAct({
      act: this.#act,
      folder,
      workflow: WORKFLOW,
      event: 'push',
      eventPath,
      actor: 'maria',
      runner: 'ubuntu-24.04',
      actions: standIns(await readFile(join(folder, WORKFLOW), 'utf8'), folders),
      checkout: true,
      env: {
        GITHUB_REF: ref,
        GITHUB_REF_NAME: tag,
        GITHUB_REPOSITORY: 'acme/canary',
        REMOTE: this.repository.remote,
        RECORDS: join(this.#base, 'records'),
      },
      secrets: { GITHUB_TOKEN: 'token-of-the-job' },
      processEnv: {
        PATH: [join(this.#base, 'bin'), dirname(process.execPath), process.env['PATH'] ?? ''].join(':'),
        HOME: join(this.#base, 'home'),
      },
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.repository.remove(), rm(this.#base, { recursive: true })]);
  }
}
