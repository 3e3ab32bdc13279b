import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { z } from 'zod';
import { pages, readPage, yamlFilesIn } from '../support/markdown.ts';

const PERMISSIONS = z.record(z.string(), z.string());
const STEP = z.object({
  uses: z.string().default(''),
  run: z.string().default(''),
  with: z.record(z.string(), z.unknown()).default({}),
});
const JOB = z.object({
  if: z.string().default(''),
  needs: z.union([z.string().transform((need) => [need]), z.array(z.string())]).default([]),
  permissions: PERMISSIONS.optional(),
  concurrency: z.unknown().optional(),
  steps: z.array(STEP).default([]),
});
/** A workflow of the examples or of a page, as far as these tests look at it. */
const WORKFLOW = z.object({
  on: z.unknown().optional(),
  permissions: PERMISSIONS.optional(),
  concurrency: z.unknown().optional(),
  jobs: z.record(z.string(), JOB),
});
/** The events that start a workflow; empty for a piece of one. */
const eventsOf = ({ on }: z.output<typeof WORKFLOW>): string => (on === undefined ? '' : JSON.stringify(on));

const yaml = [
  ...pages.flatMap((page) => readPage(page).code).filter(({ language }) => language === 'yaml'),
  ...yamlFilesIn('examples/workflows'),
];
const workflows = yaml.flatMap(({ page, text }) => {
  const { success, data } = WORKFLOW.safeParse(load(text));
  return success ? [{ page, workflow: data }] : [];
});
const jobs = workflows.flatMap(({ page, workflow }) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ name: `${page}, job ${name}`, job, workflow })),
);

/** The operations whose result GitHub is told. */
const ANNOUNCED = ['rollout', 'plan', 'promote'];

/** The operations of a job's steps; an expression may come to any. */
const operationsOf = ({ steps }: z.output<typeof JOB>): readonly string[] =>
  steps
    .filter(({ uses }) => uses.includes('multicluster-canary@'))
    .map(({ with: { operation = 'rollout' } }) => String(operation));

test('there are workflows to look at', () => {
  expect(workflows.length).toBeGreaterThan(10);
});

describe.each(jobs)('$name', ({ job, workflow }) => {
  test('has no expression in a script, where what others wrote would become a part of it', () => {
    expect(job.steps.filter(({ run }) => run.includes('${{'))).toEqual([]);
  });

  test('may tell GitHub what it comes to', () => {
    // A piece of a workflow does not show them.
    if (eventsOf(workflow) === '') return;
    const allowed = job.permissions ?? workflow.permissions;
    const operations = operationsOf(job);
    const told = operations.some((one) => ANNOUNCED.includes(one) || one.includes('${{'));
    const planned = eventsOf(workflow).includes('pull_request') && operations.includes('plan');
    expect(allowed).toMatchObject({
      ...(told ? { contents: 'read', statuses: 'write' } : {}),
      ...(planned ? { 'pull-requests': 'write' } : {}),
    });
  });

  test('runs only where the job before hands weights on: without any it would keep those in force, and pass', () => {
    const handed = job.steps.flatMap(({ with: { weights } }) => {
      const [, from] = /\$\{\{ (needs\.\S+) \}\}/.exec(String(weights)) ?? [];
      return from === undefined ? [] : [from];
    });
    expect(handed.filter((from) => job.if !== `${from} != ''`)).toEqual([]);
  });
});

test.each(workflows.filter(({ workflow }) => eventsOf(workflow).includes('issue_comment')))(
  '$page: a comment, which anyone may write, enters no concurrency group before its author has been looked at',
  ({ workflow }) => {
    const first = Object.values(workflow.jobs).filter(({ needs }) => needs.length === 0);
    expect([workflow, ...first].filter(({ concurrency }) => concurrency !== undefined)).toEqual([]);
  },
);

test.each(workflows.filter(({ workflow }) => eventsOf(workflow).includes('schedule')))(
  '$page: what comes by the clock waits in no group in which a release may wait, and would be pushed out',
  ({ workflow }) => {
    const groups = [workflow, ...Object.values(workflow.jobs)].map(({ concurrency }) => concurrency);
    expect(groups).not.toContainEqual(expect.objectContaining({ group: 'canary-helloworld' }));
  },
);
