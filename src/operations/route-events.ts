import { messageOf } from '../core/errors.ts';
import { secrets } from '../core/secrets.ts';
import type { ClusterName } from '../core/names.ts';
import type { Written } from '../fleet/transaction/write-confirmed.ts';
import type { ObjectEvent } from '../kubernetes/events.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { Observation } from '../release/observation.ts';
import { existingRoutes } from '../release/route-state.ts';
import { inEnglish } from '../texts/texts.ts';
import type { Context } from './context.ts';
import type { Applied, Checked } from './stages.ts';

// Events on the VirtualService or HTTPRoute, so that `kubectl describe` tells what happened to its weights.

type Kind = Pick<ObjectEvent, 'type' | 'reason' | 'action'>;

export const CHANGED: Kind = { type: 'Normal', reason: 'TrafficChanged', action: 'ChangeTraffic' };
export const ROLLED_BACK: Kind = { type: 'Warning', reason: 'TrafficRolledBack', action: 'RollBack' };
export const RECOVERED: Kind = { type: 'Warning', reason: 'TrafficRecovered', action: 'Recover' };

const ROUTE_KINDS: readonly string[] = ['VirtualService', 'HTTPRoute'];

/** Tells of the routes among what was written in all clusters. */
export function tellWritten(context: Context, kind: Kind, written: readonly Written[]): void {
  for (const { change, stored } of written.filter(isRoute))
    tell(context, kind, change.cluster, stored, inEnglish(change.reason));
}

/** Tells that a step of this run did not pass. */
export function tellFailure(
  context: Context,
  observed: Observation,
  { written }: Applied,
  checked: Checked,
): void {
  if (context.transaction === undefined) return;
  const failure = failureOf(checked);
  if (failure === undefined) return;
  const latest = new Map<string, { readonly cluster: ClusterName; readonly object: KubeObject }>();
  const routes = written
    .filter(isRoute)
    .map(({ change, stored }) => ({ cluster: change.cluster, object: stored }));
  for (const one of [...existingRoutes(observed.routes), ...routes])
    latest.set(`${one.cluster} ${one.object.metadata.name}`, one);
  for (const { cluster, object } of latest.values())
    tell(context, failure.kind, cluster, object, failure.note);
}

function failureOf(checked: Checked): { readonly kind: Kind; readonly note: string } | undefined {
  if (checked.kind === 'failed')
    return {
      kind: { type: 'Warning', reason: 'StepFailed', action: 'ChangeTraffic' },
      note: messageOf(checked.error),
    };
  if (checked.kind !== 'checked' || checked.verdict === 'pass') return undefined;
  const { verdict, evidence } = checked;
  const reasons = evidence
    .filter((one) => one.verdict === verdict)
    .map(({ cluster, reason }) => `; ${cluster}: ${inEnglish(reason)}`);
  return {
    kind: {
      type: 'Warning',
      reason: verdict === 'fail' ? 'CheckFailed' : 'CheckInconclusive',
      action: 'VerifyTraffic',
    },
    note: `verdict ${verdict}${reasons.join('')}`,
  };
}

function isRoute({ change }: Written): boolean {
  return ROUTE_KINDS.includes(change.object.kind);
}

function tell(
  { events, identity }: Context,
  kind: Kind,
  cluster: ClusterName,
  object: KubeObject,
  note: string,
): void {
  const text = secrets.redact(note).replaceAll(/\s+/g, ' ').trim();
  events?.send(cluster, object, { ...kind, note: text, ending: ` (${identity.run})` });
}
