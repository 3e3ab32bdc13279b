import { sameWeights } from '../core/weights.ts';
import { distinctMessages } from '../texts/texts.ts';
import { allHolding, weightsOfMembers } from '../release/cluster-weights.ts';
import type { RunEvent } from './run-events.ts';
import type { TimedEvent } from './run-log.ts';
import type { Check, RunRecord } from './run-record.ts';

/** The record of a run from its events, in the order of time. */
export function foldRun(start: RunRecord, events: readonly TimedEvent[]): RunRecord {
  return events.reduce((record, { at, event }) => ({ ...record, ...changeOf(record, at, event) }), start);
}

/** The fields that an event changes. */
function changeOf(record: RunRecord, at: number, event: RunEvent): Partial<RunRecord> {
  switch (event.kind) {
    case 'read':
      return { held: event.held };
    case 'previous weights':
      return { previous: event.weights };
    case 'planned':
      return { plan: event.plan };
    case 'summarized':
      return { clusters: event.clusters };
    case 'ingresses found':
      return { ingresses: event.ingresses, asked: event.asked, url: event.url };
    case 'blind spots': {
      const before = event.of === 'release' ? [] : record.unseen;
      return { unseen: distinctMessages([...before, ...event.messages]) };
    }
    case 'connection':
      return { connections: distinctMessages([...record.connections, event.message]) };
    case 'changed':
      return { changes: [...record.changes, { ...event.change, at }] };
    case 'in force': {
      const { weights, direction } = event;
      const held = allHolding(record.held, weights);
      if (direction === 'same') return { held };
      const before = weightsOfMembers(record.held);
      return { held, steps: [...record.steps, { at, weights, before, direction }] };
    }
    case 'sampled': {
      const { check: kind, weights, evidence, metrics, seconds } = event;
      const verdict = 'inconclusive';
      const check: Check = { kind, weights, verdict, evidence, metrics, from: at - seconds, to: at };
      const seen = evidence.length > 0 ? evidence : samplesBefore(record.checks, check);
      return { evidence: seen, metrics, checks: [...record.checks, check] };
    }
    case 'metrics read': {
      const { metrics, verdict } = event;
      return { metrics, evidence: [], findings: [], verdict };
    }
    case 'judged': {
      const { verdict, on } = event;
      const checks = record.checks.map((check, i, all) =>
        i === all.length - 1 ? { ...check, verdict } : check,
      );
      return { checks, findings: [], verdict: on === 'this run' ? verdict : undefined };
    }
    case 'explained':
      return { findings: event.findings };
    case 'harm':
      return { harms: [...record.harms, event.message] };
    case 'restored':
      return { restored: [...record.restored, event.message] };
    case 'remains':
      return { remains: [...record.remains, ...event.messages] };
    case 'inconsistent':
      return { needsRecovery: true };
    case 'phase': {
      const { name, seconds, completed } = event;
      return { phases: [...record.phases, { name, start: at - seconds, seconds, completed }] };
    }
    case 'failed':
      // An earlier check may have passed; the run has not.
      return {
        failure: event.message,
        ...(record.verdict === 'pass' ? { verdict: undefined } : {}),
      };
    case 'calls':
      return { calls: event.calls };
    case 'ended':
      return { seconds: at };
  }
}

/** What the samples before a watch showed that took none of its own, because the windows of its metrics leave no time for them. */
function samplesBefore(checks: readonly Check[], { weights }: Check): Check['evidence'] {
  const last = checks.at(-1);
  return last !== undefined && sameWeights(last.weights, weights) ? last.evidence : [];
}
