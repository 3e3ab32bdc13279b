import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A release as the stand-in for GitHub has it. */
export interface StoredRelease {
  readonly tag: string;
  readonly draft: boolean;
  readonly prerelease: boolean;
  readonly latest: boolean;
  readonly immutable: boolean;
  readonly notes: string;
  /** Names of its files. */
  readonly assets: readonly string[];
}

interface Stored {
  readonly immutability: boolean;
  readonly releases: readonly StoredRelease[];
  /** The call that fails, once. */
  readonly fails: string;
}

/** The part of `gh` that a release uses, with a file for GitHub. */
const GH = `#!/usr/bin/env node
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
const FILE = 'STORE';
const store = JSON.parse(readFileSync(FILE, 'utf8'));
const save = () => writeFileSync(FILE, JSON.stringify(store));
const [group, verb, ...rest] = process.argv.slice(2);
const call = group + ' ' + verb;
if (store.fails === call) {
  store.fails = '';
  save();
  console.error('HTTP 502: ' + call);
  process.exit(1);
}
const flags = new Map();
const words = [];
while (rest.length > 0) {
  const word = rest.shift();
  if (word === '--title' || word === '--notes' || word === '--jq') flags.set(word, rest.shift());
  else if (word.startsWith('--')) flags.set(...word.split('='));
  else words.push(word);
}
const [tag, ...files] = words;
const release = store.releases.find((one) => one.tag === tag);
const attach = (to) => {
  if (!to.draft && to.immutable) throw new Error('HTTP 422: the release is immutable');
  to.assets = [...new Set([...to.assets, ...files.map((file) => (readFileSync(file), basename(file)))])].sort();
};
if (call === 'auth setup-git') {
  // The remote repository of a test needs no token.
} else if (call === 'release create') {
  if (!flags.has('--draft') || !flags.has('--verify-tag')) throw new Error('expected a draft of a tag that exists');
  const made = { tag, draft: true, prerelease: flags.has('--prerelease'), latest: false, immutable: false };
  store.releases.push({ ...made, notes: flags.get('--notes'), assets: [] });
  attach(store.releases.at(-1));
} else if (call === 'release upload') {
  attach(release);
} else if (call === 'release edit') {
  release.draft = flags.get('--draft') !== 'false';
  release.immutable = store.immutability;
  release.latest = flags.get('--latest') === 'true';
} else if (group === 'api') {
  const wanted = /tag_name == ("[^"]*")/.exec(flags.get('--jq') ?? rest.join(' '))?.[1];
  for (const one of store.releases)
    if (wanted === undefined) console.log([one.tag, one.draft, one.immutable].join('\\t'));
    else if (JSON.stringify(one.tag) === wanted) console.log(one.draft + ',' + one.immutable);
} else throw new Error('gh ' + call + ' is not known here');
save();
`;

/** `gh` and the releases that it has published. */
export class GhReleases {
  /** The program. */
  readonly path: string;
  readonly #store: string;

  private constructor(folder: string) {
    this.path = join(folder, 'gh');
    this.#store = join(folder, 'releases.json');
  }

  /** @param folder where the program and its file go */
  static async make(folder: string, options: { immutability?: boolean } = {}): Promise<GhReleases> {
    const made = new GhReleases(folder);
    const { immutability = true } = options;
    await made.#write({ immutability, releases: [], fails: '' });
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(made.path, GH.replace('STORE', made.#store), { mode: 0o755 });
    return made;
  }

  async all(): Promise<readonly StoredRelease[]> {
    return (await this.#read()).releases;
  }

  /** Makes the next call of this kind fail, such as `release edit`. */
  async failNext(call: string): Promise<void> {
    await this.#write({ ...(await this.#read()), fails: call });
  }

  async #read(): Promise<Stored> {
    return JSON.parse(await readFile(this.#store, 'utf8')) as Stored;
  }

  async #write(stored: Stored): Promise<void> {
    await writeFile(this.#store, JSON.stringify(stored));
  }
}
