import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { moveMajorTag } from '../../scripts/release/move-major-tag.ts';
import { ReleaseRepository } from '../support/release-repository.ts';

let repository: ReleaseRepository;
beforeEach(async () => {
  repository = await ReleaseRepository.make();
});
afterEach(async () => {
  await repository.remove();
});

const move = async (tag: string, commit: string): Promise<string> =>
  moveMajorTag((await repository.clone()).git, tag, commit);

/** Tags a version and moves its major tag. */
async function release(tag: string): Promise<string> {
  const commit = await repository.release(tag);
  await move(tag, commit);
  return commit;
}

describe('vX moves forward', () => {
  test.each([
    ['to the first version', [], 'v1.0.0'],
    ['to the next patch', ['v1.0.0'], 'v1.0.1'],
    ['by numbers, not by letters', ['v1.9.0'], 'v1.10.0'],
    ['past pre-releases', ['v1.0.0', 'v1.1.0-rc.1'], 'v1.1.0'],
    ['below 1.0, too', ['v0.1.0'], 'v0.2.0'],
  ])('%s', async (_, before, tag) => {
    for (const earlier of before) await release(earlier);
    const commit = await release(tag);
    const [major = ''] = tag.split('.');
    await expect(repository.at(major)).resolves.toBe(commit);
  });

  test('from an annotated tag to the commit of one', async () => {
    const first = await repository.release('v1.0.0', { annotated: true });
    await repository.tag('v1', first, { annotated: true });
    const second = await repository.release('v1.1.0', { annotated: true });
    await expect(move('v1.1.0', second)).resolves.toBe('v1 now points to v1.1.0.');
    await expect(repository.at('v1')).resolves.toBe(second);
  });
});

describe('vX stays', () => {
  test('after a lower version, released later', async () => {
    const low = await repository.release('v1.2.1');
    const high = await release('v1.3.0');
    await expect(move('v1.2.1', low)).resolves.toBe(
      'v1 stays where it is, since v1.2.1 is not the highest version of it.',
    );
    await expect(repository.at('v1')).resolves.toBe(high);
  });

  test('after a pre-release', async () => {
    const stable = await release('v1.0.0');
    const candidate = await repository.release('v1.1.0-rc.1');
    await expect(move('v1.1.0-rc.1', candidate)).resolves.toBe(
      'v1 stays where it is, since v1.1.0-rc.1 is a pre-release.',
    );
    await expect(repository.at('v1')).resolves.toBe(stable);
  });

  test('after the next major version, which gets its own tag', async () => {
    const one = await release('v1.0.0');
    const two = await release('v2.0.0');
    await expect(repository.at('v1')).resolves.toBe(one);
    await expect(repository.at('v2')).resolves.toBe(two);
  });

  test('after a rerun', async () => {
    const commit = await release('v1.0.0');
    await expect(move('v1.0.0', commit)).resolves.toBe('v1 already points to v1.0.0.');
    await expect(repository.at('v1')).resolves.toBe(commit);
  });

  test('behind a higher version that is not on main, if somebody has moved it there', async () => {
    const low = await repository.release('v1.0.0');
    const urgent = await repository.commit('1.1.0', { branch: 'urgent' });
    await repository.tag('v1.1.0', urgent);
    await repository.tag('v1', urgent);
    await expect(move('v1.0.0', low)).resolves.toContain('v1 stays where it is');
    await expect(repository.at('v1')).resolves.toBe(urgent);
  });
});

test('a tag that is no release holds no version back', async () => {
  await release('v1.0.0');
  const branch = await repository.commit('1.9.0', { branch: 'refused' });
  await repository.tag('v1.9.0', branch);
  await repository.tag('v1.8.0', await repository.commit('1.0.1'));
  const commit = await release('v1.0.2');
  await expect(repository.at('v1')).resolves.toBe(commit);
});

test('a tag that has moved since it was checked is refused', async () => {
  const checked = await repository.release('v1.0.0');
  const other = await repository.commit('1.0.0');
  await repository.tag('v1.0.0', other);
  await expect(move('v1.0.0', checked)).rejects.toThrow(
    `Tag v1.0.0 points to ${other}, but ${checked} was checked and published.`,
  );
  await expect(repository.at('v1')).resolves.toBeUndefined();
});

describe('two releases at the same time', () => {
  /** Another release appears in the remote repository and moves v1, between this one's look at it and its push. */
  async function overtake(folder: string, tag: string, commit: string): Promise<void> {
    const update = `git -C '${repository.remote}' update-ref`;
    const script = `rm "$0"\n${update} refs/tags/${tag} ${commit}\n${update} refs/tags/v1 ${commit}\n`;
    await writeFile(join(folder, '.git/hooks/pre-push'), `#!/bin/sh\n${script}`, { mode: 0o755 });
  }

  test.each([
    ['overtaken by a higher one: v1 goes to that', 'v1.3.0', 'v1.4.0', 'v1.4.0'],
    ['overtaken by a lower one: v1 goes past it', 'v1.4.0', 'v1.3.0', 'v1.4.0'],
  ])('%s', async (_, slow, fast, expected) => {
    const commits = new Map<string, string>();
    for (const tag of ['v1.3.0', 'v1.4.0']) commits.set(tag, await repository.commit(tag.slice(1)));
    const [slowCommit = '', fastCommit = ''] = [commits.get(slow), commits.get(fast)];
    await repository.tag(slow, slowCommit);
    const { folder, git } = await repository.clone();
    await overtake(folder, fast, fastCommit);
    await moveMajorTag(git, slow, slowCommit);
    await expect(repository.at('v1')).resolves.toBe(commits.get(expected));
  });

  test('that run side by side end with the highest', async () => {
    const tags = ['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0'];
    const commits: string[] = [];
    for (const tag of tags) commits.push(await repository.release(tag));
    await Promise.all(tags.map((tag, i) => move(tag, commits[i] ?? '')));
    await expect(repository.at('v1')).resolves.toBe(commits.at(-1));
  });
});

test('a push that is refused for another reason fails', async () => {
  const commit = await repository.release('v1.0.0');
  await writeFile(join(repository.remote, 'hooks/update'), '#!/bin/sh\necho protected >&2\nexit 1\n', {
    mode: 0o755,
  });
  await expect(move('v1.0.0', commit)).rejects.toThrow(/^`git push .*protected/s);
});
