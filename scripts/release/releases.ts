import type { Program } from './git.ts';
import { succeeds } from './git.ts';
import type { Version } from './versions.ts';
import { packageVersion, parseVersion } from './versions.ts';

/** The branch that releases come from. */
export const MAIN = 'refs/remotes/origin/main';

/** A tag of the remote repository. */
export interface RemoteTag {
  /** What the tag points to: a commit, or the object of an annotated tag. */
  readonly object: string;
  readonly commit: string;
}

/** Fetches main and the tags, which others may have changed since the checkout, and returns the tags as they are now. */
export async function fetchTags(git: Program): Promise<ReadonlyMap<string, RemoteTag>> {
  await git('fetch', '--quiet', 'origin', `+refs/heads/main:${MAIN}`, '+refs/tags/*:refs/tags/*');
  const listed = await git('ls-remote', '--tags', 'origin');
  const tags = new Map<string, RemoteTag>();
  for (const line of listed.split('\n')) {
    const [, hash, name, peeled] = /^([0-9a-f]+)\trefs\/tags\/(.+?)(\^\{\})?$/.exec(line) ?? [];
    if (hash === undefined || name === undefined) continue;
    // An annotated tag is followed by a line for the commit that it points to.
    tags.set(name, { object: peeled === undefined ? hash : (tags.get(name)?.object ?? hash), commit: hash });
  }
  return tags;
}

/** What keeps a commit from being the release of a version: nothing if it may be. */
export async function problemsOf(git: Program, version: Version, commit: string): Promise<readonly string[]> {
  const expected = packageVersion(version);
  const problems: string[] = [];
  if (!(await succeeds(git('merge-base', '--is-ancestor', commit, MAIN))))
    problems.push(`commit ${commit} is not in the history of main: merge it first, then tag it there`);
  for (const file of ['package.json', 'package-lock.json']) {
    const found = await versionIn(git, commit, file);
    if (found !== expected)
      problems.push(`${file} has version ${found ?? '(none)'}, not ${expected}: change it on main, then tag`);
  }
  return problems;
}

/** All tags that are releases; a tag that `problemsOf` refuses holds no other release back. */
export async function releasesAmong(
  git: Program,
  tags: ReadonlyMap<string, RemoteTag>,
): Promise<readonly Version[]> {
  const releases: Version[] = [];
  for (const [tag, { commit }] of tags) {
    const version = parseVersion(tag);
    if (version !== undefined && (await problemsOf(git, version, commit)).length === 0)
      releases.push(version);
  }
  return releases;
}

async function versionIn(git: Program, commit: string, file: string): Promise<string | undefined> {
  try {
    const content: unknown = JSON.parse(await git('show', `${commit}:${file}`));
    if (typeof content !== 'object' || content === null || !('version' in content)) return undefined;
    return typeof content.version === 'string' ? content.version : undefined;
  } catch {
    // Neither a commit without this file nor one with a broken one is a release.
    return undefined;
  }
}
