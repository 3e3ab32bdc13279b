import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { programIn } from '../../scripts/release/git.ts';
import type { Program } from '../../scripts/release/git.ts';

/** A remote repository of this project's form, with a main branch, and clones of it. */
export class ReleaseRepository {
  /** Where the remote repository is. */
  readonly remote: string;
  readonly #base: string;
  /** Somebody's clone, in which commits and tags are made. */
  readonly #work: string;

  private constructor(base: string) {
    this.#base = base;
    this.remote = join(base, 'remote.git');
    this.#work = join(base, 'work');
  }

  static async make(): Promise<ReleaseRepository> {
    const made = new ReleaseRepository(await mkdtemp(join(tmpdir(), 'releases-')));
    await execa`git init --quiet --bare --initial-branch=main ${made.remote}`;
    await execa`git init --quiet --initial-branch=main ${made.#work}`;
    await made.#git`git remote add origin ${made.remote}`;
    return made;
  }

  get #git() {
    const identity = { GIT_AUTHOR_NAME: 'test', GIT_AUTHOR_EMAIL: 'test@example.com' };
    return execa({
      cwd: this.#work,
      env: { ...identity, GIT_COMMITTER_NAME: 'test', GIT_COMMITTER_EMAIL: 'test@example.com' },
    });
  }

  /** Commits a version to a branch and pushes it. */
  async commit(version: string, options: { branch?: string; lockVersion?: string } = {}): Promise<string> {
    const { branch = 'main', lockVersion = version } = options;
    // Of main, unless the branch exists.
    await execa({ cwd: this.#work, reject: false })`git checkout --quiet main`;
    const { failed } = await execa({ cwd: this.#work, reject: false })`git checkout --quiet ${branch}`;
    if (failed) await this.#git`git checkout --quiet -b ${branch}`;
    await this.#setVersion('package.json', version);
    await this.#setVersion('package-lock.json', lockVersion);
    await this.#git`git add .`;
    await this.#git`git commit --quiet --allow-empty --message ${version}`;
    await this.#git`git push --quiet origin ${branch}`;
    return this.head();
  }

  /** Pushes a tag at a commit, whatever it pointed to before. */
  async tag(name: string, commit: string, options: { annotated?: boolean } = {}): Promise<void> {
    const annotated = options.annotated === true ? ['--annotate', '--message', name] : [];
    await this.#git`git tag --force ${annotated} ${name} ${commit}`;
    await this.#git`git push --quiet --force origin refs/tags/${name}`;
  }

  /** Commits a version to main and tags it. */
  async release(tag: string, options: { annotated?: boolean } = {}): Promise<string> {
    const commit = await this.commit(tag.slice(1));
    await this.tag(tag, commit, options);
    return commit;
  }

  /** Puts a file or a folder into what the next commit has. */
  async add(source: string, path: string): Promise<void> {
    await cp(source, join(this.#work, path), { recursive: true });
  }

  async #setVersion(file: string, version: string): Promise<void> {
    const path = join(this.#work, file);
    const text = await readFile(path, 'utf8').catch(() => '{}');
    await writeFile(path, JSON.stringify({ ...(JSON.parse(text) as object), version }));
  }

  async head(): Promise<string> {
    return (await this.#git`git rev-parse HEAD`).stdout;
  }

  /** The commit that a tag of the remote repository points to. */
  async at(tag: string): Promise<string | undefined> {
    const { stdout } = await execa({
      cwd: this.remote,
      reject: false,
    })`git rev-parse --verify --quiet ${`refs/tags/${tag}^{commit}`}`;
    return stdout === '' ? undefined : stdout;
  }

  /** A fresh clone, as a workflow checks it out. */
  async clone(): Promise<{ readonly folder: string; readonly git: Program }> {
    const folder = await mkdtemp(join(this.#base, 'clone-'));
    await execa`git clone --quiet ${this.remote} ${folder}`;
    return { folder, git: programIn(folder, 'git') };
  }

  async remove(): Promise<void> {
    await rm(this.#base, { recursive: true });
  }
}
