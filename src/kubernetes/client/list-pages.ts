import type { Clock } from '../../core/clock.ts';
import { API } from '../../core/deadlines.ts';
import type { ClusterName } from '../../core/names.ts';
import type { Caller } from './api-resources.ts';
import type { Call } from './connection.ts';
import { AnswerTooLong, ClusterError } from './errors.ts';

/** As many objects as kubectl asks for at once. */
const PAGE_SIZE = 500;
/** A page that is too long is asked for again with this part of its objects, down to one. */
const SMALLER = 5;
/** Half a million objects. No cluster that Kubernetes supports has as many of one kind: 150,000 pods are its limit. */
const MOST_PAGES = 1_000;
/** A list that changes faster than it can be read is restarted this often. */
const LIST_RESTARTS = 2;

/** A page of a list, as `isList` has checked it. */
interface Page<T> {
  readonly items: readonly T[];
  readonly metadata?: { readonly continue?: string };
}

/**
 * All items of a list, page by page.
 *
 * @param call without limit and position
 * @throws ClusterError if the list does not end
 */
export async function listPages<T>(
  cluster: ClusterName,
  caller: Caller,
  call: Call,
  clock: Clock,
): Promise<readonly T[]> {
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await readPages<T>(cluster, caller, call, clock);
    } catch (error) {
      // The server no longer has the state that the pages belong to. A new list starts from the present state.
      if (!(error instanceof ClusterError && error.status === 410 && restarts < LIST_RESTARTS)) throw error;
    }
  }
}

async function readPages<T>(
  cluster: ClusterName,
  caller: Caller,
  call: Call,
  clock: Clock,
): Promise<readonly T[]> {
  const begin = clock.now();
  const items: T[] = [];
  const seen = new Set<string>();
  let size = PAGE_SIZE;
  let next: string | undefined;
  const endless = (message: string): ClusterError =>
    new ClusterError(cluster, call.tried, { body: { message } });
  for (let pages = 0; ; pages += 1) {
    if (pages === MOST_PAGES)
      throw endless(
        `the list is not complete after ${String(MOST_PAGES)} pages (${String(items.length)} objects)`,
      );
    if (clock.now() - begin > API.listMs)
      throw endless(
        `the list is not complete after ${String(API.listMs / 1000)} s (${String(items.length)} objects)`,
      );
    const query = { ...call.query, limit: String(size), ...(next === undefined ? {} : { continue: next }) };
    let page: Page<T>;
    try {
      page = await caller<Page<T>>({ ...call, query });
    } catch (error) {
      if (!(error instanceof AnswerTooLong) || size === 1) throw error;
      size = Math.ceil(size / SMALLER);
      continue;
    }
    for (const item of page.items) items.push(item);
    next = page.metadata?.continue;
    if (next === undefined || next === '') return items;
    if (seen.has(next)) throw endless('the list repeats itself: the server names the same next page again');
    seen.add(next);
  }
}
