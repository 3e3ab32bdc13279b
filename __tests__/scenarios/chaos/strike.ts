import { setTimeout as delay } from 'node:timers/promises';
import type { Breakage } from '../../../testbed/fleet.ts';
import { NAMESPACE } from '../support/objects.ts';
import type { Stage } from '../support/stage.ts';
import { controlPlanesFollow } from './control-plane.ts';
import type { Blow, Cluster } from './plan.ts';
import type { Struck } from './users.ts';

/** A mesh that can be broken. */
export interface Breakable {
  readonly stage: Stage;
  readonly breakage: Breakage;
}

/**
 * Deals a blow, and brings back what it took away.
 *
 * @param ended when the run has ended, for a blow that lasts so long
 * @returns the blow as it happened, once everything works again
 */
export async function strike(
  { stage, breakage }: Breakable,
  { cluster, blow }: { readonly cluster: Cluster; readonly blow: Blow },
  ended: Promise<unknown>,
): Promise<Struck> {
  const ingress = stage.fleet.clusters.find(({ name }) => name === cluster)?.ingress ?? '';
  const from = Date.now();
  if (blow.kind === 'pod lost') await breakage.losePod(cluster, NAMESPACE, blow.version);
  else {
    await breakage.takeDown(cluster, blow.part);
    await (blow.back === 'after the run' ? ended : delay(blow.back));
    await breakage.bringUp(cluster, blow.part);
    if (blow.part !== 'gateway') await controlPlanesFollow(stage);
  }
  return { blow, ingress, from, until: Date.now() };
}
