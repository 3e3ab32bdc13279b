import { describe, expect, test } from '@jest/globals';
import { eventAbout } from '../../src/kubernetes/events.ts';
import type { ObjectEvent } from '../../src/kubernetes/events.ts';
import type { KubeObject } from '../../src/kubernetes/objects.ts';

const object: KubeObject = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'hello', namespace: 'demo', uid: 'u-1', resourceVersion: '12' },
};
const by = { instance: 'acme/shop/1/run', id: 'id-1', time: new Date('2026-11-27T10:00:00.123Z') };
const about = (rest: Partial<ObjectEvent> = {}, from = object, who = by): KubeObject =>
  eventAbout(
    from,
    {
      type: 'Normal',
      reason: 'TrafficChanged',
      action: 'ChangeTraffic',
      note: 'weights',
      ending: ' (url)',
      ...rest,
    },
    who,
  );
const bytes = (value: unknown): number => Buffer.byteLength(String(value));

describe('an Event', () => {
  test('names its object, its reporter and the time as Kubernetes reads it', () => {
    expect(about()).toEqual({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'hello.id-1', namespace: 'demo' },
      eventTime: '2026-11-27T10:00:00.123000Z',
      reportingController: 'multicluster-canary',
      reportingInstance: 'acme/shop/1/run',
      type: 'Normal',
      reason: 'TrafficChanged',
      action: 'ChangeTraffic',
      note: 'weights (url)',
      regarding: {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        name: 'hello',
        namespace: 'demo',
        uid: 'u-1',
        resourceVersion: '12',
      },
    });
  });

  test.each(['x', 'é', '→', '😀'])('has a note of at most 1 KiB, cut before its ending (%s)', (character) => {
    const { note } = about({ note: character.repeat(2_000) }) as { note?: string };
    expect(bytes(note)).toBeLessThanOrEqual(1_024);
    expect(bytes(note)).toBeGreaterThan(1_016);
    expect(note).toMatch(new RegExp(`^(${character})+… \\(url\\)$`, 'u'));
  });

  test('has a name and an instance of the length that Kubernetes accepts', () => {
    const long = { ...object, metadata: { ...object.metadata, name: 'n'.repeat(253) } };
    const event = about({}, long, { ...by, instance: 'ü'.repeat(200) });
    expect(event.metadata.name).toMatch(/^n+\.id-1$/);
    expect(event.metadata.name).toHaveLength(253);
    expect(bytes(event['reportingInstance'])).toBeLessThanOrEqual(128);
  });
});
