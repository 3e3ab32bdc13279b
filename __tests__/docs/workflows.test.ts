import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { copiedWorkflows as workflows, eventsOf } from '../support/workflow-files.ts';
import type { JOB } from '../support/workflow-files.ts';

const jobs = workflows.flatMap(({ page, workflow }) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ name: `${page}, job ${name}`, job, workflow })),
);

/** The operations that set a commit status. */
const ANNOUNCED = ['rollout', 'plan', 'promote'];

/** The operations of a job's steps; an expression may be any of them. */
const operationsOf = ({ steps = [] }: z.output<typeof JOB>): readonly string[] =>
  steps
    .filter(({ uses }) => uses.includes('multicluster-canary@'))
    .map(({ with: { operation = 'rollout' } }) => String(operation));

test('there are workflows to check', () => {
  expect(workflows.length).toBeGreaterThan(10);
});

describe.each(jobs)('$name', ({ job, workflow }) => {
  test('has the permissions to report to GitHub', () => {
    // A fragment of a workflow does not show its permissions.
    if (eventsOf(workflow) === '') return;
    const allowed = job.permissions ?? workflow.permissions;
    const operations = operationsOf(job);
    const reports = operations.some((one) => ANNOUNCED.includes(one) || one.includes('${{'));
    const planned = eventsOf(workflow).includes('pull_request') && operations.includes('plan');
    expect(allowed).toMatchObject({
      ...(reports ? { contents: 'read', statuses: 'write' } : {}),
      ...(planned ? { 'pull-requests': 'write' } : {}),
    });
  });

  test('runs only if the previous job passes weights on, since without weights it would keep the current ones and pass', () => {
    const passed = (job.steps ?? []).flatMap(({ with: { weights } }) => {
      const [, from] = /\$\{\{ (needs\.\S+) \}\}/.exec(String(weights)) ?? [];
      return from === undefined ? [] : [from];
    });
    expect(passed.filter((from) => job.if !== `${from} != ''`)).toEqual([]);
  });
});

test.each(workflows.filter(({ workflow }) => eventsOf(workflow).includes('issue_comment')))(
  '$page: a comment, which anyone can write, enters no concurrency group before its author is checked',
  ({ workflow }) => {
    const first = Object.values(workflow.jobs).filter(({ needs }) => needs.length === 0);
    expect([workflow, ...first].filter(({ concurrency }) => concurrency !== undefined)).toEqual([]);
  },
);

test.each(workflows.filter(({ workflow }) => eventsOf(workflow).includes('schedule')))(
  '$page: a scheduled run does not enter the group in which releases wait, and which it would cancel',
  ({ workflow }) => {
    const groups = [workflow, ...Object.values(workflow.jobs)].map(({ concurrency }) => concurrency);
    expect(groups).not.toContainEqual(expect.objectContaining({ group: 'canary-helloworld' }));
  },
);
