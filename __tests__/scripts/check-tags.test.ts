import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { problemsOfTags } from '../../scripts/release/check-tags.ts';
import { programIn } from '../../scripts/release/git.ts';
import { moveMajorTag } from '../../scripts/release/move-major-tag.ts';
import { publishRelease } from '../../scripts/release/publish.ts';
import { GhReleases } from '../support/gh-releases.ts';
import { ReleaseRepository } from '../support/release-repository.ts';

let folder: string;
let repository: ReleaseRepository;
let releases: GhReleases;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tags-'));
  [repository, releases] = await Promise.all([ReleaseRepository.make(), GhReleases.make(folder)]);
});
afterEach(async () => {
  await Promise.all([repository.remove(), rm(folder, { recursive: true })]);
});

async function release(tag: string): Promise<string> {
  const commit = await repository.release(tag);
  const { git, folder: clone } = await repository.clone();
  const gh = programIn(clone, releases.path);
  await publishRelease({ git, gh, repository: 'acme/canary', tag, commit, assets: [] });
  await moveMajorTag(git, tag, commit);
  return commit;
}

async function problems(): Promise<readonly string[]> {
  const { git, folder: clone } = await repository.clone();
  return problemsOfTags(git, programIn(clone, releases.path), 'acme/canary');
}

test('tags of releases have no problem', async () => {
  await repository.commit('0.1.0');
  await expect(problems()).resolves.toEqual([]);
  await release('v1.0.0');
  await release('v1.1.0-rc.1');
  await release('v1.1.0');
  await release('v2.0.0');
  await expect(problems()).resolves.toEqual([]);
});

test('a tag without a release is named', async () => {
  await release('v1.0.0');
  await repository.release('v1.0.1');
  await expect(problems()).resolves.toEqual([
    'Tag v1.0.1 has no release. Run the release workflow for it again, or delete the tag.',
  ]);
});

test('a tag that was moved is named', async () => {
  await release('v1.0.0');
  await release('v1.1.0');
  const other = await repository.commit('1.1.0', { branch: 'fix' });
  await repository.tag('v1.1.0', other);
  const found = await problems();
  expect(found).toContain(
    `Tag v1.1.0: commit ${other} is not in the history of main: merge it first, then tag it there.`,
  );
});

test('a major tag that is behind, or leads elsewhere, is named', async () => {
  const first = await release('v1.0.0');
  const second = await release('v1.1.0');
  await repository.tag('v1', first);
  await expect(problems()).resolves.toEqual([
    `Tag v1 points to ${first}, not to v1.1.0 (${second}), the highest release. Find out who moved it.`,
  ]);
});
