import { count } from '../../core/plural.ts';
import { formatWeights } from '../../core/weights.ts';
import type { VerdictName } from '../catalogue/outcomes.ts';
import type { ChangeTexts, MatrixTexts, ProblemTexts } from '../catalogue/sections.ts';
import { formats } from './formats.ts';
import { outcomes } from './outcomes.ts';

const FOLDED: Readonly<Record<VerdictName, string>> = {
  ...outcomes.verdicts,
  pass: 'passed',
  undecided: 'undecided when the check stopped',
};

export const matrix: MatrixTexts = {
  title: 'Observed traffic split',
  columns: {
    cluster: 'Cluster',
    verdict: 'Verdict',
    samples: 'Samples',
    failedRequests: 'Failed requests',
  },
  notIn: (tolerance) => `not ${tolerance}`,
  ofWeight: (weight) => `of ${weight}`,
  fail: (share) => `${share} fail`,
  folded: ({ verdict, ingresses, shares }) =>
    `${count(ingresses, 'ingress', 'ingresses')} ${FOLDED[verdict]}: ${shares}`,
  details: 'Reasons, tolerance, errors and response times of each ingress',
  charts: ({ ingresses, shown }) => {
    const more = shown === 0 ? '' : 'more ';
    return `Shares and response times of ${count(ingresses, `${more}ingress`, `${more}ingresses`)}`;
  },
  shared: ({ clusters, url }) =>
    `${formats.all(clusters)} share the address ${url}, so any of them may have answered.`,
};

/** More clusters are counted, and so are long names: a line has to say more than these. */
const MOST_NAMED = 3;
const LONGEST_NAMES = 60;

export const changes: ChangeTexts = {
  title: 'Changes',
  unchanged: 'It is unchanged at the end of the run.',
  effects: { created: 'created', changed: 'changed', deleted: 'deleted', unchanged: 'unchanged' },
  verbs: { apply: 'apply', create: 'create', update: 'update', delete: 'delete' },
  plan: ({ from, to }) => `Plan: ${from} → ${formatWeights(to)}`,
  done: ({ done, where, reasons }) => `: ${formats.parts([`${done} ${where}`, ...reasons])}`,
  unchecked: {
    denied: 'The server could not check it yet: a permission for it is missing.',
    'no namespace': 'The server could not check it yet: the namespace does not exist.',
  },
  where: ({ clusters, of }) => {
    const names = formats.list(clusters);
    if (clusters.length <= MOST_NAMED && names.length <= LONGEST_NAMES) return `in ${names}`;
    return `in ${clusters.length === of && of > 1 ? 'all ' : ''}${count(clusters, 'cluster')}`;
  },
  clusters: (clusters) => `In: ${formats.list(clusters)}`,
  folded: ({ kind, objects }) => `${formats.number(objects)} ${kind} objects`,
};

export const problems: ProblemTexts = { title: 'Problems with the inputs' };
