/**
 * `node scripts/release/publish.ts TAG COMMIT FOLDER`: publishes a release with the files of the folder. It is a draft until all of
 * them are attached, since nobody can change it afterwards. Run again, it continues where it stopped.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from './git.ts';
import { programIn } from './git.ts';
import { releaseNotes } from './notes.ts';
import { fetchTags, releasesAmong } from './releases.ts';
import type { Version } from './versions.ts';
import { isHighest, isStable, parseVersion } from './versions.ts';

interface Publication {
  readonly git: Program;
  readonly gh: Program;
  /** OWNER/NAME */
  readonly repository: string;
  readonly tag: string;
  /** The commit that was checked. */
  readonly commit: string;
  /** Paths of the files to attach. */
  readonly assets: readonly string[];
}

/** What GitHub says about a release. */
interface Release {
  readonly draft: boolean;
  readonly immutable: boolean;
}

/** @throws Error if the tag has moved since the check, or if the published release is not immutable */
export async function publishRelease(publication: Publication): Promise<string> {
  const { git, gh, repository, tag, commit, assets } = publication;
  const version = parseVersion(tag);
  if (version === undefined) throw new Error(`Tag ${tag} is not a version, such as v1.2.3.`);
  const releases = await releasesNow(git, tag, commit);
  const found = await read(gh, repository, tag);
  if (found === undefined) {
    const title = ['--title', tag, '--notes', releaseNotes(repository, tag, commit)];
    await gh('release', 'create', tag, '--draft', '--verify-tag', ...title, ...kind(version), ...assets);
  } else if (found.draft) {
    await gh('release', 'upload', tag, '--clobber', ...assets);
  }
  if (found === undefined || found.draft)
    await gh('release', 'edit', tag, '--draft=false', `--latest=${String(isHighest(version, releases))}`);

  const published = await read(gh, repository, tag);
  if (published?.draft !== false || !published.immutable)
    throw new Error(
      `Release ${tag} is not immutable, so its tag and its files can still be exchanged. Enable release immutability ` +
        '(Settings → General → Releases), delete this release, and run the workflow again.',
    );
  // Immutable now: a tag that was moved just before that has been published with the wrong commit.
  await releasesNow(git, tag, commit);
  return found?.draft === false ? `${tag} was published before.` : `${tag} is published.`;
}

const kind = (version: Version): readonly string[] => (isStable(version) ? [] : ['--prerelease']);

/** All releases, provided that the tag still is the commit that was checked. */
async function releasesNow(git: Program, tag: string, commit: string): Promise<readonly Version[]> {
  const tags = await fetchTags(git);
  const found = tags.get(tag)?.commit;
  if (found === commit) return releasesAmong(git, tags);
  throw new Error(
    `Tag ${tag} points to ${found ?? 'nothing'}, but ${commit} was checked. Find out who moved it before anything else is released.`,
  );
}

/** The release of a tag, published or a draft; undefined if there is none. */
async function read(gh: Program, repository: string, tag: string): Promise<Release | undefined> {
  const filter = `.[] | select(.tag_name == ${JSON.stringify(tag)}) | [.draft, .immutable // false] | @csv`;
  const lines = await gh('api', '--paginate', `repos/${repository}/releases`, '--jq', filter);
  const [line = ''] = lines.split('\n');
  if (line === '') return undefined;
  const [draft, immutable] = line.split(',');
  return { draft: draft === 'true', immutable: immutable === 'true' };
}

if (process.argv[1] === import.meta.filename) {
  const [tag = '', commit = '', folder = ''] = process.argv.slice(2);
  const said = await publishRelease({
    git: programIn(process.cwd(), 'git'),
    gh: programIn(process.cwd(), 'gh'),
    repository: process.env['GITHUB_REPOSITORY'] ?? '',
    tag,
    commit,
    assets: (await readdir(folder)).toSorted().map((name) => join(folder, name)),
  });
  process.stdout.write(`${said}\n`);
}
