import type { LoadReport } from '../../../testbed/load.ts';
import { describeWeights, foreignParts, ownParts } from './holdings.ts';
import type { Holdings } from './holdings.ts';
import { agreeOn } from './try-case.ts';
import type { Aftermath } from './try-case.ts';
import { isAfterUndoneInstall } from './undone-installs.ts';

const MOST_SHOWN = 20;
/** How much of two objects is shown around where they differ. */
const CONTEXT = 60;

/** What has to hold after every case. */
export interface Check {
  readonly rule: string;
  /** @returns what is wrong, a sentence each */
  readonly violations: (aftermath: Aftermath) => readonly string[];
}

export const CHECKS: readonly Check[] = [
  {
    rule: 'no request of a user fails, but for those after an undone first install',
    violations: (aftermath) => {
      const { users, reruns } = aftermath;
      const undone = answered404Again(aftermath);
      const failures = users.failures.filter((failure) => !undone.includes(failure));
      return [
        failedText(users.failed - undone.length, failures),
        failedText(reruns?.users.failed ?? 0, reruns?.users.failures ?? []),
      ].flat();
    },
  },
  {
    rule: 'a run that undoes a first install says so',
    violations: (aftermath) => {
      const { main, post } = aftermath;
      const said = `${main.log}\n${post?.log ?? ''}`.includes('and no longer does: requests get 404 again');
      return answered404Again(aftermath).length === 0 || said || main.code === -1 ? [] : ['not a word of it'];
    },
  },
  {
    rule: 'all clusters agree, or the message says what each holds',
    violations: (aftermath) => {
      const { afterPost, main, post, tried } = aftermath;
      if (tried.operation.weights.some((weights) => agreeOn(afterPost, weights))) return [];
      if (isMute(aftermath) || isUntouched(aftermath)) return [];
      const said = `${main.log}\n${post?.log ?? ''}`;
      const silent = afterPost.clusters.filter(
        ({ name }) =>
          !new RegExp(`${name} (holds|is not recovered)|in ${name} (holds|could not|was|is)`).test(said),
      );
      return silent.length === 0 && main.code !== 0
        ? []
        : [`${describeWeights(afterPost)}; not a word of ${silent.map(({ name }) => name).join(', ')}`];
    },
  },
  {
    rule: 'a run that passes has done what it was asked for, and its outputs say what the clusters hold',
    violations: ({ main, afterMain, tried, others }) => {
      if (main.code === -1 || tried.operation.isPost === true || others.length > 0) return [];
      const { weights } = tried.operation;
      const said = main.outputs['weights'];
      return [
        ...(main.code === 0 && !agreeOn(afterMain, weights.at(-1))
          ? [`it passed, and the clusters hold ${describeWeights(afterMain)}`]
          : []),
        ...(said !== undefined && said !== '' && !agreeOn(afterMain, said)
          ? [`the output weights is ${said}, and the clusters hold ${describeWeights(afterMain)}`]
          : []),
      ];
    },
  },
  {
    rule: 'nothing else changes',
    violations: ({ begun, afterPost, reruns }) =>
      [afterPost, ...(reruns === undefined ? [] : [reruns.after])].flatMap((found) =>
        differences(foreignParts(begun.before), foreignParts(found)),
      ),
  },
  {
    rule: 'no lock and no intent is left',
    violations: (aftermath) => {
      const { tried, afterPost, begun, main } = aftermath;
      if (isMute(aftermath) || tried.fault.post === 'as later') return [];
      const left = leftIn(afterPost).filter((one) => !leftIn(begun.before).includes(one));
      if (tried.operation.isPost !== true) return left;
      // Nobody comes after the post step but the next run: it says what it leaves.
      const isSaid = main.code === 1 || main.log.includes('could not be released');
      return isSaid ? [] : leftIn(afterPost);
    },
  },
  {
    rule: 'a run ends by itself',
    violations: ({ main, post, tried }) => [
      ...(main.code === -1 && tried.fault.isFatal !== true ? ['the run had to be killed'] : []),
      ...(post?.code === -1 && tried.fault.post !== 'killed' ? ['the post step had to be killed'] : []),
    ],
  },
  {
    rule: 'the post step recovers what a run left',
    violations: ({ post, tried }) =>
      post === undefined || post.code < 1 || tried.fault.post !== undefined ? [] : ['the post step failed'],
  },
  {
    rule: 'a rerun passes',
    violations: ({ reruns, begun, tried }) => {
      if (reruns === undefined) return [];
      const failed = [...reruns.runs, reruns.last].filter(({ code }) => code !== 0);
      return [
        ...failed.map(() => 'a rerun failed'),
        ...(agreeOn(reruns.after, tried.operation.weights.at(-1))
          ? []
          : [`it led to ${describeWeights(reruns.after)}`]),
        ...(failed.length > 0 ? [] : differences(ownParts(begun.done), ownParts(reruns.after))),
        ...leftIn(reruns.after),
      ];
    },
  },
  {
    rule: 'the run after that writes nothing',
    violations: ({ reruns }) => {
      const calls = (reruns?.last.calls ?? []).filter(({ write }) => write);
      return calls.length === 0
        ? []
        : [`it wrote ${calls.map(({ kind, cluster }) => `${kind} in ${cluster}`).join(', ')}`];
    },
  },
];

/** The requests that got the answer of before a first install again, since that was undone. */
export function answered404Again({ tried, users, turns }: Aftermath): LoadReport['failures'] {
  if (tried.operation.served) return [];
  return users.failures.filter((failure) => isAfterUndoneInstall(failure, users.startedAt, turns));
}

function failedText(failed: number, failures: LoadReport['failures']): readonly string[] {
  return failed === 0
    ? []
    : [`${String(failed)} requests failed: ${JSON.stringify(failures.slice(0, MOST_SHOWN))}`];
}

/** Whether nobody was left to say anything: the rerun has to find it. */
function isMute({ tried: { operation, fault }, post }: Aftermath): boolean {
  return (
    post?.code === -1 || (fault.isFatal === true && (operation.isPost === true || fault.post !== undefined))
  );
}

/** Whether the clusters disagree as an earlier run left them, and this one was killed before it changed anything. */
function isUntouched({ begun, afterPost, tried }: Aftermath): boolean {
  return tried.fault.isFatal === true && describeWeights(begun.before) === describeWeights(afterPost);
}

function leftIn({ clusters }: Holdings): readonly string[] {
  return clusters.flatMap(({ name, holder, intent }) => [
    ...(holder === '' ? [] : [`the lock in ${name} is held by ${holder}`]),
    ...(intent === '' ? [] : [`the intent ${intent} in ${name} is open`]),
  ]);
}

function differences(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) =>
    before[key] === after[key] ? [] : [`${key} ${describeDifference(before[key], after[key])}`],
  );
}

function describeDifference(before: string | undefined, after: string | undefined): string {
  if (before === undefined || after === undefined)
    return after === undefined ? 'is gone' : `is new: ${after}`;
  let begin = 0;
  while (before[begin] === after[begin]) begin += 1;
  let end = 0;
  while (end < Math.min(before.length, after.length) - begin && before.at(-1 - end) === after.at(-1 - end))
    end += 1;
  const part = (text: string): string =>
    text.slice(Math.max(0, begin - CONTEXT), text.length - Math.max(0, end - CONTEXT));
  return `has …${part(after)}… instead of …${part(before)}…`;
}
