import type { ApiCall } from '../../../testbed/embedded/start.ts';

/** A call of an operation, by what it asks for, and how often that was asked before. Its number would depend on which cluster answers first. */
export interface NamedCall {
  /** `west update VirtualService gray-demo/helloworld` */
  readonly what: string;
  /** From 1. */
  readonly nth: number;
  /** Among all calls of the operation, from 0. */
  readonly number: number;
  readonly write: boolean;
  /** Whether it goes through admission, as writes and their dry runs do. */
  readonly admitted: boolean;
  readonly list: boolean;
}

const READS: readonly string[] = ['get', 'list', 'watch'];
const REVIEW = 'SelfSubjectAccessReview';

export function whatOf({ cluster, verb, kind, namespace, name, dryRun, body }: ApiCall): string {
  // The names of Events are made up.
  const created =
    kind === 'Event' ? '' : ((body as { metadata?: { name?: string } } | undefined)?.metadata?.name ?? '');
  const object = [namespace, name || created].filter(Boolean).join('/');
  return [cluster, dryRun ? 'dry-run' : '', verb, kind, object].filter(Boolean).join(' ');
}

/** Names calls in the order in which they come. */
export function callNames(): (call: ApiCall) => NamedCall {
  const seen = new Map<string, number>();
  let number = -1;
  return (call) => {
    const what = whatOf(call);
    const nth = (seen.get(what) ?? 0) + 1;
    seen.set(what, nth);
    number += 1;
    const { verb, kind, write } = call;
    const admitted = !READS.includes(verb) && kind !== REVIEW;
    return { what, nth, number, write, admitted, list: verb === 'list' };
  };
}

/** `west update VirtualService gray-demo/helloworld (2)` */
export function textOf({ what, nth }: NamedCall): string {
  return nth === 1 ? what : `${what} (${String(nth)})`;
}
