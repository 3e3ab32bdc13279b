import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { checkRelease } from '../../scripts/release/check.ts';
import { ReleaseRepository } from '../support/release-repository.ts';

let repository: ReleaseRepository;
beforeEach(async () => {
  repository = await ReleaseRepository.make();
});
afterEach(async () => {
  await repository.remove();
});

const check = async (tag: string): Promise<string> => checkRelease((await repository.clone()).git, tag);

test.each([
  ['a tag', 'v1.0.0', false],
  ['an annotated tag', 'v1.0.0', true],
  ['a pre-release', 'v1.0.0-rc.1', false],
])('%s on main whose version is that of the package may be released', async (_, tag, annotated) => {
  const commit = await repository.release(tag, { annotated });
  await repository.commit('1.1.0');
  await expect(check(tag)).resolves.toBe(commit);
});

test('a tag outside the history of main is refused', async () => {
  await repository.commit('1.0.0');
  const commit = await repository.commit('1.0.1', { branch: 'fix' });
  await repository.tag('v1.0.1', commit);
  await expect(check('v1.0.1')).rejects.toThrow(
    `Tag v1.0.1 cannot be released:\n- commit ${commit} is not in the history of main: merge it first, then tag it there`,
  );
});

test('all that is wrong is said at once', async () => {
  await repository.commit('1.0.0');
  const commit = await repository.commit('1.0.1', { branch: 'fix', lockVersion: '1.0.0' });
  await repository.tag('v1.0.2', commit);
  await expect(check('v1.0.2')).rejects.toThrow(
    [
      'Tag v1.0.2 cannot be released:',
      `- commit ${commit} is not in the history of main: merge it first, then tag it there`,
      '- package.json has version 1.0.1, not 1.0.2: change it on main, then tag',
      '- package-lock.json has version 1.0.0, not 1.0.2: change it on main, then tag',
    ].join('\n'),
  );
});

test('a tag that is no version, or that the remote repository does not have, is refused', async () => {
  const commit = await repository.commit('1.0.0');
  await repository.tag('v1', commit);
  await expect(check('v1')).rejects.toThrow('Tag v1 is not a version. Use vX.Y.Z');
  await expect(check('v1.0.0')).rejects.toThrow('The remote repository has no tag v1.0.0. Push it first.');
});
