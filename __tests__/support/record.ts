import type { ClusterWeights } from '../../src/release/cluster-weights.ts';
import { quoted } from '../../src/texts/message.ts';
import type { Weights } from '../../src/core/weights.ts';
import type { RecordedChange } from '../../src/report/run-record.ts';
import { EAST, WEST } from './release.ts';

/** A write in east that moved the weight of v2 from 0 to 20; every field can be given. */
export function change(rest: Partial<RecordedChange> = {}): RecordedChange {
  return {
    cluster: EAST,
    verb: 'update',
    object: 'VirtualService demo/hello',
    reason: quoted('weights'),
    at: 1.5,
    before: 'weight: 0\n',
    after: 'weight: 20\n',
    ...rest,
  };
}

/** What clusters hold, by name; undefined for one without a VirtualService. */
export function held(clusters: Readonly<Record<string, Weights | undefined>>): readonly ClusterWeights[] {
  return Object.entries(clusters).map(([cluster, weights]) =>
    weights === undefined
      ? {
          cluster,
          place: cluster,
          kind: 'nothing',
          weights,
          text: { kind: 'noObject', object: 'VirtualService' },
        }
      : { cluster, place: cluster, kind: 'weights', weights, text: { kind: 'heldWeights', weights } },
  );
}

/** East and west, both with the same weights. */
export function agreed(weights: Weights): readonly ClusterWeights[] {
  return held({ [EAST]: weights, [WEST]: weights });
}
