import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { programIn } from '../../scripts/release/git.ts';
import { publishRelease } from '../../scripts/release/publish.ts';
import { GhReleases } from '../support/gh-releases.ts';
import { ReleaseRepository } from '../support/release-repository.ts';

let folder: string;
let repository: ReleaseRepository;
let releases: GhReleases;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'publish-'));
  [repository, releases] = await Promise.all([ReleaseRepository.make(), GhReleases.make(folder)]);
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'assets/sbom.cdx.json'), '{}');
  await writeFile(join(folder, 'assets/SHA256SUMS'), '');
});
afterEach(async () => {
  await Promise.all([repository.remove(), rm(folder, { recursive: true })]);
});

const publish = async (tag: string, commit: string): Promise<string> => {
  const clone = await repository.clone();
  return publishRelease({
    git: clone.git,
    gh: programIn(clone.folder, releases.path),
    repository: 'acme/canary',
    tag,
    commit,
    assets: ['sbom.cdx.json', 'SHA256SUMS'].map((name) => join(folder, 'assets', name)),
  });
};

test('a release is published with its files, immutable, and with the line that pins it', async () => {
  const commit = await repository.release('v1.0.0');
  await expect(publish('v1.0.0', commit)).resolves.toBe('v1.0.0 is published.');
  await expect(releases.all()).resolves.toEqual([
    {
      tag: 'v1.0.0',
      draft: false,
      prerelease: false,
      latest: true,
      immutable: true,
      assets: ['SHA256SUMS', 'sbom.cdx.json'],
      notes: expect.stringContaining(`- uses: acme/canary@${commit} # v1.0.0\n`),
    },
  ]);
});

test('only the highest stable version is the latest', async () => {
  const low = await repository.release('v1.2.1');
  const high = await repository.release('v1.3.0');
  const candidate = await repository.release('v2.0.0-rc.1');
  await publish('v1.3.0', high);
  await publish('v1.2.1', low);
  await publish('v2.0.0-rc.1', candidate);
  const all = await releases.all();
  expect(all.map(({ tag, latest, prerelease }) => [tag, latest, prerelease])).toEqual([
    ['v1.3.0', true, false],
    ['v1.2.1', false, false],
    ['v2.0.0-rc.1', false, true],
  ]);
});

describe('run again', () => {
  test('a published release stays as it is', async () => {
    const commit = await repository.release('v1.0.0');
    await publish('v1.0.0', commit);
    const before = await releases.all();
    await expect(publish('v1.0.0', commit)).resolves.toBe('v1.0.0 was published before.');
    await expect(releases.all()).resolves.toEqual(before);
  });

  test.each(['release create', 'release edit'])('a publication continues after `%s` failed', async (call) => {
    const commit = await repository.release('v1.0.0');
    await releases.failNext(call);
    await expect(publish('v1.0.0', commit)).rejects.toThrow(`HTTP 502: ${call}`);
    await publish('v1.0.0', commit);
    const all = await releases.all();
    expect(all.map(({ draft, assets }) => [draft, assets.length])).toEqual([[false, 2]]);
  });
});

test('a tag that has moved since the check is not published', async () => {
  const checked = await repository.release('v1.0.0');
  const other = await repository.commit('1.0.0');
  await repository.tag('v1.0.0', other);
  await expect(publish('v1.0.0', checked)).rejects.toThrow(
    `Tag v1.0.0 points to ${other}, but ${checked} was checked.`,
  );
  await expect(releases.all()).resolves.toEqual([]);
});

test('a release that is not immutable fails, so that vX does not follow it', async () => {
  releases = await GhReleases.make(folder, { immutability: false });
  const commit = await repository.release('v1.0.0');
  await expect(publish('v1.0.0', commit)).rejects.toThrow(
    'Release v1.0.0 is not immutable, so its tag and its files can still be exchanged. Enable release immutability',
  );
});
