import { setTimeout as delay } from 'node:timers/promises';
import type { Breakage } from '../../../testbed/fleet.ts';
import { NAMESPACE } from '../support/objects.ts';
import type { Stage } from '../support/stage.ts';
import { controlPlanesFollow } from './control-plane.ts';
import { kindOf } from './plan.ts';
import type { Hit } from './plan.ts';
import type { Struck } from './users.ts';

/** A mesh that can be broken. */
export interface Breakable {
  readonly stage: Stage;
  readonly breakage: Breakage;
}

/**
 * Deals blows at the same moment, and brings back what they took away.
 *
 * @param ended when the run has ended, for a blow that lasts so long
 * @returns the blows as they happened, once everything works again
 */
export async function strike(
  mesh: Breakable,
  hits: readonly Hit[],
  ended: Promise<unknown>,
): Promise<readonly Struck[]> {
  const struck = await Promise.all(hits.map((hit) => strikeOnce(mesh, hit, ended)));
  const isOfControl = ({ blow }: Hit): boolean => blow.kind !== 'pod lost' && blow.part !== 'gateway';
  if (hits.some(isOfControl)) await controlPlanesFollow(mesh.stage);
  return struck;
}

async function strikeOnce(
  { stage, breakage }: Breakable,
  { cluster, blow }: Hit,
  ended: Promise<unknown>,
): Promise<Struck> {
  const ingress = stage.fleet.clusters.find(({ name }) => name === cluster)?.ingress ?? '';
  const from = Date.now();
  if (blow.kind === 'pod lost') await breakage.losePod(cluster, NAMESPACE, blow.version);
  else {
    await breakage.takeDown(cluster, blow.part);
    await (blow.back === 'after the run' ? ended : delay(blow.back));
    await breakage.bringUp(cluster, blow.part);
  }
  return { kind: kindOf(blow), blow, ingress, from, until: Date.now() };
}
