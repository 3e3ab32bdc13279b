import { CanaryError } from '../../core/errors.ts';
import { inputPlace, nameOfInput, theInput } from '../../core/wording.ts';
import { namedVirtualServices } from '../release.ts';
import type { Release } from '../release.ts';
import type { FleetState } from '../state.ts';
import { httpRoutesTo } from '../route-kind.ts';
import { podsOfService } from '../service-port.ts';

/**
 * For every operation that deals with what exists already.
 *
 * @throws CanaryError that names the input which is likely wrong, where nothing of the app exists in any cluster
 */
export function assertAppExists(release: Release, state: FleetState): void {
  const { app, namespace } = release;
  const clusters = [...state.keys()].join(', ');
  const all = [...state.values()];
  if (all.every((cluster) => cluster.namespace === undefined))
    throw new CanaryError(
      `${inputPlace('namespace')}: there is no namespace ${namespace} in ${clusters}. Correct it, or run the operation rollout, which creates it.`,
    );
  const names = namedVirtualServices(release);
  const exists = all.some(
    (cluster) =>
      cluster.service !== undefined ||
      cluster.traffic?.virtualServices.some(({ metadata }) => names.includes(metadata.name)) === true ||
      httpRoutesTo(release, state, cluster).length > 0 ||
      podsOfService(release, cluster).length > 0,
  );
  if (exists) return;
  throw new CanaryError(
    `${inputPlace('app')}: there is no Service, no pod and no VirtualService of ${app} in namespace ${namespace} of ${clusters}. Correct ${theInput('app')} or ${nameOfInput('namespace')}, or run the operation rollout first.`,
  );
}
