/**
 * `node scripts/release/check.ts TAG`: refuses a tag that must not become a release. In a workflow, the output `commit` is the
 * commit that was checked.
 */
import { appendFile } from 'node:fs/promises';
import type { Program } from './git.ts';
import { programIn } from './git.ts';
import { fetchTags, problemsOf } from './releases.ts';
import { parseVersion } from './versions.ts';

/**
 * @returns the commit of the tag
 * @throws Error that names everything that is wrong
 */
export async function checkRelease(git: Program, tag: string): Promise<string> {
  const version = parseVersion(tag);
  if (version === undefined)
    throw new Error(`Tag ${tag} is not a version. Use vX.Y.Z, or vX.Y.Z-rc.1 for a pre-release.`);
  const commit = (await fetchTags(git)).get(tag)?.commit;
  if (commit === undefined) throw new Error(`The remote repository has no tag ${tag}. Push it first.`);
  const problems = await problemsOf(git, version, commit);
  if (problems.length > 0)
    throw new Error([`Tag ${tag} cannot be released:`, ...problems.map((one) => `- ${one}`)].join('\n'));
  return commit;
}

if (process.argv[1] === import.meta.filename) {
  const [tag = ''] = process.argv.slice(2);
  const commit = await checkRelease(programIn(process.cwd(), 'git'), tag);
  process.stdout.write(`${tag} may be released from commit ${commit}\n`);
  const outputs = process.env['GITHUB_OUTPUT'];
  if (outputs !== undefined) await appendFile(outputs, `commit=${commit}\n`);
}
