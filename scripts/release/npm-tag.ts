/** `node scripts/release/npm-tag.ts TAG`: prints the dist-tag of npm under which a version is published. */
import type { Program } from './git.ts';
import { programIn } from './git.ts';
import { fetchTags, releasesAmong } from './releases.ts';
import { isHighest, isStable, parseVersion } from './versions.ts';

/** `latest` is what npx runs, so only the highest stable version gets it. @throws Error if the tag is not that of a version */
export async function npmTag(git: Program, tag: string): Promise<string> {
  const version = parseVersion(tag);
  if (version === undefined) throw new Error(`Tag ${tag} is not a version, such as v1.2.3.`);
  if (!isStable(version)) return 'next';
  const releases = await releasesAmong(git, await fetchTags(git));
  return isHighest(version, releases) ? 'latest' : `release-${String(version.major)}`;
}

if (process.argv[1] === import.meta.filename)
  process.stdout.write(await npmTag(programIn(process.cwd(), 'git'), process.argv[2] ?? ''));
