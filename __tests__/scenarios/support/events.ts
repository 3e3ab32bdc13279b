import { z } from 'zod';
import type { Kube } from './kube.ts';
import { NAMESPACE } from './objects.ts';

/** As `kubectl describe` reads them. */
const EVENT = z.object({
  type: z.string(),
  reason: z.string(),
  message: z.string(),
  eventTime: z.string(),
  reportingComponent: z.literal('multicluster-canary'),
  involvedObject: z.object({ kind: z.string(), name: z.string(), uid: z.string() }),
});

/** Type, reason and message of the Events of an object that the action has written, in the order of time. */
export async function eventsOf(
  kube: Kube,
  kind: string,
  name: string,
): Promise<readonly (readonly [type: string, reason: string, message: string])[]> {
  const found = await kube.list('v1', 'Event', NAMESPACE);
  return found
    .flatMap((event) => EVENT.safeParse(event).data ?? [])
    .filter(({ involvedObject }) => involvedObject.kind === kind && involvedObject.name === name)
    .toSorted((a, b) => a.eventTime.localeCompare(b.eventTime))
    .map(({ type, reason, message }) => [type, reason, message]);
}
