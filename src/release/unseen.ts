import type { FleetState } from './state.ts';

/**
 * What a claim about users does not cover, a sentence each: what could not be looked at. Empty where everything that may lead to
 * the service was seen.
 */
export function unseenIn(fleet: FleetState): readonly string[] {
  return (['VirtualService', 'DestinationRule'] as const).flatMap((kind) => {
    const clusters = [...fleet.values()].flatMap(({ name, traffic }) =>
      traffic?.everywhere.unlisted.includes(kind) === true ? [name] : [],
    );
    if (clusters.length === 0) return [];
    return [
      `${kind}s of other namespaces in ${clusters.join(', ')} could not be listed (the user of the kubeconfig may not list them cluster-wide).`,
    ];
  });
}
