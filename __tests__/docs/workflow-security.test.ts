import { describe, expect, test } from '@jest/globals';
import { readTables } from '../support/markdown.ts';
import {
  copiedWorkflows,
  copiedYaml,
  eventsOf,
  ownWorkflows,
  ownYaml,
  stepsIn,
} from '../support/workflow-files.ts';

const yaml = [...ownYaml, ...copiedYaml];
const workflows = [...ownWorkflows, ...copiedWorkflows].map((file, i) => ({
  ...file,
  name: `workflow ${String(i + 1)}, ${file.page}`,
}));
/** Fragments on pages show neither the events nor the permissions. */
const complete = workflows.filter(({ workflow }) => eventsOf(workflow) !== '');
const jobs = workflows.flatMap(({ name, workflow }) =>
  Object.entries(workflow.jobs).map(([id, job]) => ({ name: `job ${id} of ${name}`, job, workflow })),
);
const runs = jobs.filter(({ job }) => job.steps !== undefined);

const uses = yaml.flatMap(({ page, text }) =>
  [...text.matchAll(/^.*\buses: *(?<action>[^\s@]+)(?<rest>.*)$/gm)].map(({ groups }) => ({
    page,
    action: groups?.['action'] ?? '',
    rest: groups?.['rest'] ?? '',
  })),
);
const foreign = uses.filter(({ action }) => !action.startsWith('./'));

test('there are workflows to check', () => {
  expect(ownWorkflows.length).toBeGreaterThan(1);
  expect(complete.length).toBeGreaterThan(12);
  expect(foreign.length).toBeGreaterThan(50);
});

describe('every action', () => {
  test('is pinned to a commit, with its version as a comment', () => {
    expect(foreign.filter(({ rest }) => !/^@[0-9a-f]{40} # v\d+(\.\d+){1,2}$/.test(rest))).toEqual([]);
  });

  test('has the same pin everywhere', () => {
    // The parts of one repository share their commit.
    const repositoryOf = (action: string): string => action.split('/', 2).join('/');
    const pins = Map.groupBy(foreign, ({ action }) => repositoryOf(action));
    const different = [...pins].filter(([, used]) => new Set(used.map(({ rest }) => rest)).size > 1);
    expect(different).toEqual([]);
  });

  test('has a step that these tests see', () => {
    const seen = yaml.flatMap((block) => stepsIn(block)).filter((step) => step.uses !== '');
    expect(seen).toHaveLength(uses.length);
  });
});

describe.each(complete)('$name', ({ workflow }) => {
  test('grants nothing to all jobs, and to each job what it needs', () => {
    expect(workflow.permissions).toEqual({});
    expect(Object.entries(workflow.jobs).filter(([, job]) => job.permissions === undefined)).toEqual([]);
  });

  test('does not run code of a pull request with the rights of this repository', () => {
    expect(eventsOf(workflow)).not.toMatch(/pull_request_target|workflow_run/);
  });
});

test.each(yaml.map((block, i) => ({ ...block, name: `block ${String(i + 1)}, ${block.page}` })))(
  '$name: no checkout leaves the token in the repository',
  (block) => {
    const checkouts = stepsIn(block).filter((step) => step.uses.startsWith('actions/checkout@'));
    expect(checkouts.filter((step) => step.with['persist-credentials'] !== false)).toEqual([]);
  },
);

describe.each(runs)('$name', ({ job }) => {
  test('has a time limit', () => {
    expect(job['timeout-minutes']).toEqual(expect.any(Number));
  });

  test('has no expression in a script, where foreign text would become part of it', () => {
    expect(job.steps?.filter(({ run }) => run.includes('${{'))).toEqual([]);
  });

  test('gets secrets only from an environment, whose rules protect them', () => {
    const secret = JSON.stringify(job).includes('secrets.');
    expect(secret && job.environment === undefined).toBe(false);
  });
});

test('examples/README.md has a rule for every environment of the examples', () => {
  // Of promote-by-hand.yml and comment.yml, whose environments depend on them.
  const choices = ['deploy', '20', '50', '100', 'retire', 'promote', 'rollback', 'status'];
  const used = copiedWorkflows
    .filter(({ page }) => page.startsWith('examples/'))
    .flatMap(({ workflow }) => Object.values(workflow.jobs))
    .flatMap(({ environment = [] }) => environment)
    .flatMap((name) => (name.includes('${{') ? choices.map((choice) => `canary-${choice}`) : [name]));
  const listed = readTables('examples/README.md')
    .flat()
    .map(([name = '']) => name);
  const ruled = listed.flatMap((cell) => [...cell.matchAll(/`(canary-[a-z0-9]+)`/g)].map(([, name]) => name));
  expect(new Set(ruled)).toEqual(new Set(used));
  expect(ruled).toHaveLength(new Set(ruled).size);
});
