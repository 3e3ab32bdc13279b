import { z } from 'zod';
import type { Kube } from './kube.ts';
import { NAMESPACE } from './objects.ts';

const EVENT = z.object({
  type: z.string(),
  reason: z.string(),
  note: z.string(),
  eventTime: z.string(),
  regarding: z.object({ kind: z.string(), name: z.string() }),
});

/** Type, reason and note of the Events of an object that the action has written, in the order of time. */
export async function eventsOf(
  kube: Kube,
  kind: string,
  name: string,
): Promise<readonly (readonly [type: string, reason: string, note: string])[]> {
  const found = await kube.list('events.k8s.io/v1', 'Event', NAMESPACE);
  return found
    .flatMap((event) => EVENT.safeParse(event).data ?? [])
    .filter(({ regarding }) => regarding.kind === kind && regarding.name === name)
    .toSorted((a, b) => a.eventTime.localeCompare(b.eventTime))
    .map(({ type, reason, note }) => [type, reason, note]);
}
