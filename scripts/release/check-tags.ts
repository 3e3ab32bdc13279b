/**
 * `node scripts/release/check-tags.ts`: names the tags of versions that are not exactly what was released: pushed without a release, moved
 * since, or left behind.
 */
import type { Program } from './git.ts';
import { programIn } from './git.ts';
import { fetchTags, problemsOf } from './releases.ts';
import type { Version } from './versions.ts';
import { isHighest, isStable, majorTag, parseVersion } from './versions.ts';

/** @returns what is wrong, a sentence each */
export async function problemsOfTags(
  git: Program,
  gh: Program,
  repository: string,
): Promise<readonly string[]> {
  const tags = await fetchTags(git);
  const releases = await publishedReleases(gh, repository);
  const problems: string[] = [];
  const released: Version[] = [];
  for (const [tag, { commit }] of tags) {
    const version = parseVersion(tag);
    if (version === undefined) continue;
    const isImmutable = releases.get(tag);
    if (isImmutable === undefined)
      problems.push(`Tag ${tag} has no release. Run the release workflow for it again, or delete the tag.`);
    else released.push(version);
    if (isImmutable === false)
      problems.push(`Release ${tag} is not immutable: its tag and its files can be exchanged.`);
    const wrong = await problemsOf(git, version, commit);
    problems.push(...wrong.map((one) => `Tag ${tag}: ${one}.`));
  }
  for (const tag of releases.keys()) if (!tags.has(tag)) problems.push(`Release ${tag} has lost its tag.`);
  for (const major of new Set(released.filter(isStable).map(majorTag))) {
    const own = released.filter((version) => isStable(version) && majorTag(version) === major);
    const highest = own.find((version) => isHighest(version, own));
    const expected = highest && tags.get(highest.tag)?.commit;
    const found = tags.get(major)?.commit;
    if (highest !== undefined && found !== expected)
      problems.push(
        `Tag ${major} points to ${found ?? 'nothing'}, not to ${highest.tag} (${String(expected)}), the highest release. Find out who moved it.`,
      );
  }
  return problems;
}

/** Whether each published release is immutable, by its tag. */
async function publishedReleases(gh: Program, repository: string): Promise<ReadonlyMap<string, boolean>> {
  const filter = '.[] | [.tag_name, .draft, .immutable // false] | @tsv';
  const lines = await gh('api', '--paginate', `repos/${repository}/releases`, '--jq', filter);
  const rows = lines.split('\n').map((line) => line.split('\t'));
  return new Map(
    rows.flatMap(([tag = '', draft, immutable]) =>
      draft === 'false' ? [[tag, immutable === 'true'] as const] : [],
    ),
  );
}

if (process.argv[1] === import.meta.filename) {
  const problems = await problemsOfTags(
    programIn(process.cwd(), 'git'),
    programIn(process.cwd(), 'gh'),
    process.env['GITHUB_REPOSITORY'] ?? '',
  );
  for (const problem of problems) process.stdout.write(`::error::${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
  else process.stdout.write('Every tag of a version is what was released.\n');
}
