import type { IngressEvidence } from '../../src/verify/evidence.ts';
import { EAST, weights } from './release.ts';

/** 80/20 in east, passed after a thousand samples; every field can be given. */
export function evidence(rest: Partial<IngressEvidence> = {}): IngressEvidence {
  return {
    cluster: EAST,
    url: 'http://203.0.113.7',
    verdict: 'pass',
    reason: { kind: 'sharesMatch', samples: 1000, otherHosts: 0, setAside: 0 },
    weights: weights({ v1: 80, v2: 20 }),
    requests: 1000,
    samples: 1000,
    counts: weights({ v1: 802, v2: 198 }),
    versions: new Map([
      ['v1', { errors: 0, latency: { p50: 5, p90: 8, p99: 12, max: 20 } }],
      ['v2', { errors: 0, latency: { p50: 6, p90: 9, p99: 13, max: 21 } }],
    ]),
    convergence: [
      { samples: 100, counts: [83, 17] },
      { samples: 1000, counts: [802, 198] },
    ],
    errors: new Map(),
    stale: new Map(),
    revision: '4',
    withoutRevision: 0,
    otherHosts: 0,
    unanswered: 0,
    logEvidence: -6,
    contradictions: new Map(),
    seconds: 10,
    ...rest,
  };
}
