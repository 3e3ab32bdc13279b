import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { npmTag } from '../../scripts/release/npm-tag.ts';
import { ReleaseRepository } from '../support/release-repository.ts';

let repository: ReleaseRepository;
beforeEach(async () => {
  repository = await ReleaseRepository.make();
});
afterEach(async () => {
  await repository.remove();
});

test('only the highest stable version is the latest on npm', async () => {
  for (const tag of ['v1.2.3', 'v2.0.0', 'v2.1.0-rc.1', 'v1.2.4']) await repository.release(tag);
  const { git } = await repository.clone();
  const tags = ['v2.0.0', 'v2.1.0-rc.1', 'v1.2.4'].map((tag) => npmTag(git, tag));
  await expect(Promise.all(tags)).resolves.toEqual(['latest', 'next', 'release-1']);
  await expect(npmTag(git, 'v1')).rejects.toThrow('Tag v1 is not a version');
});
