import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { GitHubServer, HEAD, TOKEN } from '../support/github-server.ts';
import { ISTIO } from './support/kube.ts';
import { APP, NAMESPACE, image } from './support/objects.ts';
import { stealUsers } from './support/route-edits.ts';
import { useStage } from './support/stage.ts';
import type { WorkflowRun } from './support/act.ts';
import { workflowPrograms } from './support/workflow-programs.ts';
import { Repository } from './support/workflows.ts';
import type { WorkflowOptions } from './support/workflows.ts';

/** What a suite of many runs needs beside the example, as in the other scenarios. */
const QUICK = 'max-rps: 1000\ntolerance: 15\n';

const programs = await workflowPrograms();
// Both fleets would show the same, and a job of a workflow takes seconds to start.
const skipped = process.env['FLEET'] !== 'mesh' || programs === undefined;
const reason = skipped ? ' (skipped: only npm run e2e has act, actionlint, zizmor and kubectl)' : '';
const scenarios = skipped ? describe.skip : describe;

scenarios(`the example workflows${reason}`, () => {
  const stage = useStage();
  let github: GitHubServer;
  let repository: Repository;
  beforeAll(async () => {
    if (programs === undefined) return;
    [github, repository] = await Promise.all([GitHubServer.start(), Repository.make(programs, QUICK)]);
  });
  afterEach(async () => {
    github.reset();
    await repository.release(QUICK);
  });
  afterAll(async () => {
    await Promise.all([github.close(), repository.close()]);
  });

  const run = (workflow: string, options: WorkflowOptions = {}): Promise<WorkflowRun> =>
    repository.run(workflow, {
      kubeconfig: stage.fleet.kubeconfig,
      token: TOKEN,
      ...options,
      env: { ...github.env, ...options.env },
    });

  /** Runs a workflow and expects every one of its jobs to pass, in this order; the message of a failure is its log. */
  async function pass(
    workflow: string,
    jobs: readonly string[],
    options: WorkflowOptions = {},
  ): Promise<void> {
    const { code, log, jobs: ended } = await run(workflow, options);
    if (code !== 0) throw new Error(`${workflow} failed:\n${log}`);
    expect(ended).toEqual(jobs.map((job) => [job, 'success']));
  }

  const holds = async (weights: string): Promise<void> => {
    await expect(stage.weights()).resolves.toEqual([weights, weights]);
  };

  const byHand = (step: string): Promise<void> =>
    pass('promote-by-hand.yml', ['promote'], { payload: { inputs: { step } } });

  const COMMENT = 77;

  /** Somebody writes a comment on pull request 7. */
  const say = (body: string, login = 'maria'): Promise<WorkflowRun> => {
    github.permissions.set('maria', 'write');
    return run('comment.yml', {
      event: 'issue_comment',
      payload: {
        action: 'created',
        issue: { number: 7, pull_request: { url: `${github.url}/repos/acme/shop/pulls/7` } },
        comment: { id: COMMENT, body, user: { login } },
      },
    });
  };
  const bothPass = [
    ['command', 'success'],
    ['canary', 'success'],
  ];
  const reactions = (): readonly string[] => github.reactions.map(({ content }) => content);

  const subsets = async (): Promise<readonly string[]> => {
    const rule = await stage.east.get(ISTIO, 'DestinationRule', APP, NAMESPACE);
    return (rule['spec'] as { subsets: { name: string }[] }).subsets.map(({ name }) => name);
  };

  test('staged: goes 20 → 50 → 100 → retire, each job with the weights from the job before (scenario 31)', async () => {
    await stage.underLoad(async () => {
      await pass('staged.yml', ['canary-20', 'canary-50', 'canary-100', 'retire']);
      await expect(stage.weights()).resolves.toEqual(['v2=100', 'v2=100']);
      await expect(subsets()).resolves.toEqual(['v2']);
    });
    expect(github.statuses.map(({ state }) => state)).toEqual(Array(3).fill(['pending', 'success']).flat());
  });

  test.each([
    ['no step', 'steps:\n', ['canary-20'], 'v1=80,v2=20'],
    ['one step fewer', 'steps: [20, 100]\n', ['canary-20', 'canary-50', 'retire'], 'v2=100'],
  ])(
    'staged: with %s skips jobs without a next step, and retires a complete release',
    async (_, lines, jobs, weights) => {
      await repository.release(`${QUICK}${lines}`);
      await stage.underLoad(async () => {
        await pass('staged.yml', jobs);
        await expect(stage.weights()).resolves.toEqual([weights, weights]);
      });
    },
  );

  test('staged: a drift fails its job and skips the rest (scenario 31)', async () => {
    await stage.pass({ weights: 'v1=100,v2=0' });
    await stage.underLoad(async () => {
      await stealUsers(stage.west, 'v1');
      await repository.release(`${QUICK}routes: ${APP}\nheaders: { x-thief: 'yes' }\nverify-timeout: 5s\n`);
      const { code, jobs } = await run('staged.yml');
      expect(code).not.toBe(0);
      expect(jobs).toEqual([['canary-20', 'failure']]);
      await expect(stage.weights()).resolves.toEqual(['v1=100,v2=0', 'v1=100,v2=0']);
    });
    expect(github.statuses.at(-1)?.state).toMatch(/failure|error/);
  });

  test('the reusable workflow does the same for its caller', async () => {
    await stage.pass({ weights: 'v1=100,v2=0' });
    await stage.underLoad(async () => {
      await pass('release-helloworld.yml', ['deploy', 'first', 'second', 'third', 'retire']);
      await expect(stage.weights()).resolves.toEqual(['v2=100', 'v2=100']);
    });
  });

  test('the reusable workflow retires after fewer than three steps, too', async () => {
    await repository.release(`${QUICK}steps: [50, 100]\n`);
    await stage.pass({ weights: 'v1=100,v2=0' });
    await stage.underLoad(async () => {
      await pass('release-helloworld.yml', ['deploy', 'first', 'second', 'retire']);
      await holds('v2=100');
    });
  });

  test('by pull request, comment and dispatch, a release moves on and back, with the guard in between', async () => {
    await repository.release(`${QUICK}weights: { v1: 80, v2: 20 }\n`);
    const pull = { number: 7, head: { sha: HEAD, repo: { full_name: 'acme/shop' } } };
    const opened = { pull_request: pull, repository: { full_name: 'acme/shop' } };
    await pass('pull-request.yml', ['plan'], { event: 'pull_request', payload: opened });
    await expect(stage.weights()).resolves.toEqual([undefined, undefined]);
    expect(github.comments).toHaveLength(1);
    const merged = { ref: 'refs/heads/main' };
    await pass('pull-request.yml', ['rollout'], { event: 'push', payload: merged });
    await holds('v1=80,v2=20');
    github.comments.splice(0);
    github.statuses.splice(0);

    await stage.underLoad(async () => {
      expect((await say('/canary promote\r\nplease')).jobs).toEqual(bothPass);
      await holds('v1=50,v2=50');
      // The step is named, and so it goes no further than there.
      expect((await say('/canary promote 50')).jobs).toEqual(bothPass);
      await holds('v1=50,v2=50');
      expect((await say('/canary rollback')).jobs).toEqual(bothPass);
      await holds('v1=80,v2=20');
      expect((await say('/canary status')).jobs).toEqual(bothPass);
    });
    expect(reactions()).toEqual(Array(4).fill(['eyes', 'rocket']).flat());
    expect(github.reactions.every(({ comment }) => comment === COMMENT)).toBe(true);
    expect(github.comments.map(({ issue }) => issue)).toEqual([7, 7, 7, 7]);
    expect(github.comments[0]?.body).toMatch(
      /^`\/canary promote`: \*\*success\*\* [^]*\| pass \| v1=50,v2=50 \| v1=0,v2=100 \|$/,
    );
    // They are of the commit whose release file was used, and say nothing of the pull request's own.
    expect(github.statuses.map(({ state }) => state)).toEqual(['pending', 'success', 'pending', 'success']);
    expect(github.statuses.map(({ sha }) => sha)).not.toContain(HEAD);

    // The weights of the release file stay behind those in force, and the guard does not go by them.
    await byHand('50');
    await holds('v1=50,v2=50');
    await pass('guard.yml', ['verify'], { event: 'schedule' });
    const vs = await stage.west.get(ISTIO, 'VirtualService', APP, NAMESPACE);
    const others = ['5', '95'];
    const edited = JSON.stringify(vs).replaceAll('"weight":50', () => `"weight":${others.shift() ?? '50'}`);
    await stage.west.replace(JSON.parse(edited) as typeof vs);
    const { jobs } = await run('guard.yml', { event: 'schedule' });
    expect(jobs).toEqual([['verify', 'failure']]);
    await holds('v1=80,v2=20');
    await byHand('deploy');
    await holds('v1=80,v2=20');
  });

  test.each([
    ['from a fork', 'someone/shop', 'someone'],
    ['of Dependabot', 'acme/shop', 'dependabot[bot]'],
  ])('a pull request %s, which gets no secrets, is left alone', async (_, repo, actor) => {
    const head = { sha: HEAD, repo: { full_name: repo } };
    const payload = { pull_request: { number: 7, head }, repository: { full_name: 'acme/shop' } };
    const { code, jobs } = await run('pull-request.yml', { event: 'pull_request', payload, actor });
    expect([code, jobs]).toEqual([0, []]);
  });

  test('a merge group is planned, and its commit gets the status', async () => {
    await repository.release(`${QUICK}weights: { v1: 80, v2: 20 }\n`);
    const payload = { merge_group: { head_sha: HEAD } };
    await pass('pull-request.yml', ['plan'], { event: 'merge_group', payload });
    await expect(stage.weights()).resolves.toEqual([undefined, undefined]);
    expect(github.statuses.map(({ state }) => state)).toEqual(['pending', 'success']);
    expect(github.comments).toEqual([]);
  });

  describe('by comment', () => {
    test('reports a failure, too', async () => {
      const { jobs } = await say('/canary promote');
      expect(jobs).toEqual([
        ['command', 'success'],
        ['canary', 'failure'],
      ]);
      expect(reactions()).toEqual(['eyes', 'confused']);
      expect(github.comments[0]?.body).toContain('**failure**');
    });

    test.each([
      ['someone without write permission', '/canary promote', 'mallory'],
      ['an unknown command', '/canary explode', 'maria'],
      ['a step that is no number', '/canary promote 50 --force', 'maria'],
      ['a step beyond 100', '/canary promote 101', 'maria'],
      [
        'a command that is a script',
        '/canary status"; touch "$PWNED"; echo "$(touch "$PWNED")`touch "$PWNED"`',
        'maria',
      ],
    ])('refuses %s', async (_, body, login) => {
      const pwned = join(repository.folder, 'pwned');
      const { jobs, log } = await run('comment.yml', {
        event: 'issue_comment',
        env: { PWNED: pwned },
        payload: {
          issue: { number: 7, pull_request: {} },
          comment: { id: COMMENT, body, user: { login } },
        },
      });
      expect(jobs).toEqual([['command', 'success']]);
      expect(log).toMatch(/Only people with write permission|The commands are/);
      expect(reactions()).toEqual(['-1']);
      expect([existsSync(pwned), github.comments, github.statuses]).toEqual([false, [], []]);
    });

    test('ignores a comment that is not a command', async () => {
      const { code, jobs } = await say('This /canary thing is nice');
      expect([code, jobs]).toEqual([0, []]);
    });
  });

  test('of the clouds find the clusters in the kubeconfig that the login writes', async () => {
    const kubeconfig = join(repository.folder, '../fleet.yaml');
    await writeFile(kubeconfig, stage.fleet.kubeconfig);
    const env = { ...github.env, FLEET_KUBECONFIG: kubeconfig };
    const logs: string[] = [];
    for (const workflow of ['eks.yml', 'gke.yml', 'aks.yml']) {
      const { code, log } = await repository.run(workflow, { token: TOKEN, env });
      if (code !== 0) throw new Error(`${workflow} failed:\n${log}`);
      logs.push(log);
    }
    // The first has released it.
    expect(logs.map((log) => log.includes('Nothing to write'))).toEqual([false, true, true]);
    await expect(stage.weights()).resolves.toEqual(['v1=80,v2=20', 'v1=80,v2=20']);
  });

  test('the guard checks and rolls back through port-forwards, by the release file alone', async () => {
    const lines = `${QUICK}ingress: west=port-forward\n`;
    await stage.pass({ weights: 'v1=100,v2=0' });
    const faulty = `v1=${image('v1')}\nv2=${image('v2', 'order-errors')}`;
    await stage.pass({ weights: 'v1=50,v2=50', image: faulty });
    await repository.release(lines);
    await pass('guard.yml', ['verify'], { event: 'schedule' });
    // v2 fails there alone.
    await repository.release(`${lines}path: /orders\n`);
    const { jobs, log } = await run('guard.yml', { event: 'schedule' });
    expect(jobs).toEqual([['verify', 'failure']]);
    expect(log).toMatch(/requests failed, more than 1%/);
    // Both the check and the rollback's own.
    expect(log.split(/, past the load balancer$/m)).toHaveLength(3);
    await holds('v1=100,v2=0');
  });

  test('the guard does not roll back without a verdict', async () => {
    await stage.pass({ weights: 'v1=100,v2=0' });
    await stage.pass({ weights: 'v1=80,v2=20' });
    await repository.release(`${QUICK}max-samples: 1\n`);
    const { jobs, log } = await run('guard.yml', { event: 'schedule' });
    expect(jobs).toEqual([['verify', 'failure']]);
    expect(log).toContain('The check was inconclusive, so the job fails');
    await holds('v1=80,v2=20');
  });
});
