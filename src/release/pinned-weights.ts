import type { VersionName, Weights } from '../core/weights.ts';
import type { Change } from '../kubernetes/change.ts';
import { assertRulesNameVersions } from './guards/rules-name-versions.ts';
import type { Observation } from './observation.ts';
import { newcomerAmong, servingVersions } from './serving-versions.ts';
import { versionLabels } from './subsets.ts';

/**
 * The weights that move the rules of an HTTPRoute off the app's Service, which leads to every version: all to the only version that
 * serves. Their users keep what they have, and the pods of the next version come without any.
 *
 * @throws CanaryError where several versions serve, so that no weights would have the same effect
 */
export function pinnedWeights(
  observed: Observation,
  versions: readonly VersionName[],
  workloads: readonly Change[],
): Weights | undefined {
  const { release, fleet, routes } = observed;
  const labels = versionLabels(routes, versions);
  const serving = servingVersions(release, fleet, labels);
  const newcomer = newcomerAmong(observed, workloads, serving, labels);
  const isOpen = routes.some(
    ({ object, api, choice, weights, accord }) =>
      accord === 'joining' ||
      (object !== undefined && weights === undefined && api.weightsByRoute(object, choice).length > 0),
  );
  const [only, ...others] = [...new Set(serving.map(({ version }) => version))];
  const isPinnable =
    only !== undefined &&
    others.length === 0 &&
    versions.includes(only) &&
    routes.every(({ weights }) => weights === undefined || weights.get(only) === 100);
  if (newcomer !== undefined) assertRulesNameVersions(observed, serving, newcomer, isOpen && !isPinnable);
  return isOpen && isPinnable ? new Map([[only, 100]]) : undefined;
}
