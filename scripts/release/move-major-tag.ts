/** `node scripts/release/move-major-tag.ts TAG COMMIT`: moves the tag vX to a release if that is the highest of its major version. */
import type { Program } from './git.ts';
import { programIn } from './git.ts';
import type { RemoteTag } from './releases.ts';
import { fetchTags, releasesAmong } from './releases.ts';
import type { Version } from './versions.ts';
import { isHighest, isStable, majorTag, parseVersion } from './versions.ts';

/** How often another release may move vX at the same time before something else must be wrong. */
const ATTEMPTS = 10;

/**
 * @param commit the commit that was checked and published as `tag`
 * @returns a sentence that says what was done
 */
export async function moveMajorTag(git: Program, tag: string, commit: string): Promise<string> {
  const version = parseVersion(tag);
  if (version === undefined) throw new Error(`Tag ${tag} is not a version, such as v1.2.3.`);
  const major = majorTag(version);
  if (!isStable(version)) return `${major} stays where it is, since ${tag} is a pre-release.`;

  for (let attempt = 1; ; attempt += 1) {
    const tags = await fetchTags(git);
    const found = tags.get(tag)?.commit;
    if (found !== commit)
      throw new Error(
        `Tag ${tag} points to ${found ?? 'nothing'}, but ${commit} was checked and published. ` +
          'Find out who moved it before anything else is released.',
      );
    const before = tags.get(major);
    if (before?.commit === commit) return `${major} already points to ${tag}.`;
    const rivals = await rivalsOf(git, version, tags);
    if (!isHighest(version, rivals))
      return `${major} stays where it is, since ${tag} is not the highest version of it.`;
    try {
      await git(
        'push',
        '--quiet',
        // Refused unless vX still is what it was compared with; an empty value means that it must not exist.
        `--force-with-lease=refs/tags/${major}:${before?.object ?? ''}`,
        'origin',
        `${commit}:refs/tags/${major}`,
      );
      return `${major} now points to ${tag}.`;
    } catch (error) {
      const now = (await fetchTags(git)).get(major)?.object;
      if (now === before?.object || attempt === ATTEMPTS) throw error;
    }
  }
}

/** The versions that vX may not fall behind: the releases of the same major, and whatever vX points to now. */
async function rivalsOf(
  git: Program,
  { major }: Version,
  tags: ReadonlyMap<string, RemoteTag>,
): Promise<readonly Version[]> {
  const current = tags.get(`v${String(major)}`)?.commit;
  const pointedTo = [...tags].flatMap(([name, { commit }]) => {
    const version = commit === current ? parseVersion(name) : undefined;
    return version === undefined ? [] : [version];
  });
  return [...(await releasesAmong(git, tags)), ...pointedTo].filter((version) => version.major === major);
}

if (process.argv[1] === import.meta.filename) {
  const [tag = '', commit = ''] = process.argv.slice(2);
  process.stdout.write(`${await moveMajorTag(programIn(process.cwd(), 'git'), tag, commit)}\n`);
}
