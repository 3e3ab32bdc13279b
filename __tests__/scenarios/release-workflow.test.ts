import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ReleaseRun } from './support/release-run.ts';
import { workflowPrograms } from './support/workflow-programs.ts';

const programs = await workflowPrograms();
const skipped = process.env['FLEET'] !== 'mesh' || programs === undefined;
const reason = skipped ? ' (skipped: only npm run e2e has act, actionlint, zizmor and kubectl)' : '';
const scenarios = skipped ? describe.skip : describe;

scenarios(`the release workflow${reason}`, () => {
  let release: ReleaseRun;
  beforeEach(async () => {
    release = await ReleaseRun.make(programs?.act ?? '');
  });
  afterEach(async () => {
    await release.close();
  });

  /** Pushes a tag at a commit of main and expects its release. */
  async function publish(tag: string, commit: string): Promise<void> {
    await release.repository.tag(tag, commit);
    const { jobs, log } = await release.run(tag);
    if (jobs.length < 2 || jobs.some(([, result]) => result !== 'success')) throw new Error(log);
  }

  test('attests and publishes a tag, never moves v1 backwards, and changes nothing if it runs again', async () => {
    const low = await release.repository.commit('1.2.1');
    const high = await release.repository.commit('1.3.0');
    await publish('v1.3.0', high);
    await expect(release.repository.at('v1')).resolves.toBe(high);
    const published = await release.releases.all();
    expect(published.map(({ tag, draft, immutable, assets }) => ({ tag, draft, immutable, assets }))).toEqual(
      [
        {
          tag: 'v1.3.0',
          draft: false,
          immutable: true,
          assets: ['SHA256SUMS', 'multicluster-canary-1.3.0.tgz', 'sbom.cdx.json'],
        },
      ],
    );
    await expect(release.record('provenance')).resolves.toMatch(
      /^action\.yml\n(dist\/.+\n)*dist\/action\.js\n(dist\/.+\n)*release-assets\/SHA256SUMS\nrelease-assets\/multicluster-canary-1\.3\.0\.tgz\nrelease-assets\/sbom\.cdx\.json\n$/,
    );
    await expect(release.record('sbom-subjects')).resolves.toMatch(/^(dist\/.+\n)+$/);
    const sbom: unknown = JSON.parse(await release.record('sbom.cdx.json'));
    expect(sbom).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { version: '1.3.0' } },
      components: expect.arrayContaining([expect.objectContaining({ name: 'undici' })]),
    });
    expect(JSON.stringify(sbom)).not.toContain('"name":"jest"');

    await publish('v1.2.1', low);
    await publish('v1.3.0', high);
    await expect(release.repository.at('v1')).resolves.toBe(high);
    const after = await release.releases.all();
    expect(after.map(({ tag, latest }) => [tag, latest])).toEqual([
      ['v1.3.0', true],
      ['v1.2.1', false],
    ]);
    expect(after[0]).toEqual(published[0]);
  });

  test.each([
    ['outside main', '1.0.1', 'fix', 'is not in the history of main'],
    ['of another version than the package', '1.0.0', 'main', 'package.json has version 1.0.0, not 1.0.1'],
  ])('publishes no tag %s', async (_, version, branch, why) => {
    await release.repository.commit('1.0.0');
    const commit = await release.repository.commit(version, { branch });
    await release.repository.tag('v1.0.1', commit);
    const { jobs, log } = await release.run('v1.0.1');
    expect(jobs).toEqual([['check', 'failure']]);
    expect(log).toContain(why);
    await expect(release.releases.all()).resolves.toEqual([]);
    await expect(release.repository.at('v1')).resolves.toBeUndefined();
  });

  test('publishes nothing that fails its checks', async () => {
    const commit = await release.repository.commit('1.0.0');
    await release.repository.tag('v1.0.0', commit);
    await release.failChecks();
    const { jobs } = await release.run('v1.0.0');
    expect(jobs).toEqual([['check', 'failure']]);
    await expect(release.releases.all()).resolves.toEqual([]);
    await expect(release.repository.at('v1')).resolves.toBeUndefined();
  });
});
