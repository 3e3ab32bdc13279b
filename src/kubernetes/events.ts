import { FIELD_MANAGER } from './field-managers.ts';
import type { KubeObject } from './objects.ts';

/** What an Event says of an object. */
export interface ObjectEvent {
  readonly type: 'Normal' | 'Warning';
  /** Why, in CamelCase. */
  readonly reason: string;
  /** What was done, in CamelCase. */
  readonly action: string;
  /** A sentence without line breaks; one that is too long is cut. */
  readonly note: string;
  /** What the note ends with, uncut. */
  readonly ending: string;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
const LONGEST_NOTE = 1_024;
const LONGEST_INSTANCE = 128;
const LONGEST_NAME = 253;

/**
 * An Event about an object, as `kubectl describe` shows it.
 *
 * @param by who reports it, such as a run; `id` makes the name unique
 */
export function eventAbout(
  object: KubeObject,
  { type, reason, action, note, ending }: ObjectEvent,
  by: { readonly instance: string; readonly id: string; readonly time: Date },
): KubeObject {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid, resourceVersion } = metadata;
  const room = LONGEST_NOTE - bytesOf(ending);
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: {
      name: `${name.slice(0, LONGEST_NAME - by.id.length - 1)}.${by.id}`,
      ...(namespace === undefined ? {} : { namespace }),
    },
    // Kubernetes reads exactly six digits.
    eventTime: by.time.toISOString().replace('Z', '000Z'),
    reportingController: FIELD_MANAGER,
    reportingInstance: startOf(by.instance, LONGEST_INSTANCE),
    type,
    reason,
    action,
    note: `${startOf(note, room)}${ending}`,
    regarding: { apiVersion, kind, name, namespace, uid, resourceVersion },
  };
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** The beginning of a text, of at most so many bytes in UTF-8, without half a character. */
function startOf(text: string, bytes: number): string {
  if (bytesOf(text) <= bytes) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(Math.max(0, bytes - bytesOf('…'))));
  return `${text.slice(0, read)}…`;
}
