import type { Observation } from './observation.ts';
import { namedVersions } from './release.ts';
import { deploysVersion, hasPodsOf } from './running-versions.ts';
import { CanaryError } from '../core/errors.ts';
import { formatWeights } from '../core/weights.ts';
import type { VersionName, Weights } from '../core/weights.ts';
import { inputPlace, inputSetting } from '../core/wording.ts';
import { assertWeightsAgree } from './guards/weights-agree.ts';

/**
 * The weights that a rollout brings: those asked for, or those in force with the new versions at 0. Versions that get nothing
 * and run nowhere are left out: a preview of them could never be seen.
 *
 * @param named the versions that the inputs name
 * @throws CanaryError where no weights are asked for, and there are none to keep, or the clusters hold different ones
 */
export function targetWeights(
  observed: Observation,
  asked: Weights | undefined,
  named: readonly VersionName[] = namedVersions(observed.release),
): Weights {
  const { release } = observed;
  if (asked === undefined) assertWeightsAgree(observed);
  const start = asked ?? observed.weights;
  if (start !== undefined)
    return withoutAbsent(observed, complete(observed, start, named), (version) =>
      deploysVersion(release, version),
    );
  const [only, ...others] = named;
  if (only !== undefined && others.length === 0 && routesNothing(observed)) return new Map([[only, 100]]);
  throw new CanaryError(
    `${inputPlace('weights')} is not set, and no route gives ${release.app} weights yet that could be kept (versions: ${named.join(', ') || 'none named'}). Set it, for example ${inputSetting('weights', formatWeights(new Map(named.map((v, i) => [v, i === 0 ? 100 : 0]))))}.`,
  );
}

/** The weights that a rollback brings: those given, and at 0 the other versions that are placed or have weights, and run. */
export function rollbackWeights(observed: Observation, weights: Weights): Weights {
  const placed = [...observed.release.placement.keys()];
  return withoutAbsent(observed, complete(observed, weights, placed), () => false);
}

/** The order of the versions in the routes stays, so that another order in the inputs changes nothing. */
function complete(observed: Observation, start: Weights, named: readonly VersionName[]): Weights {
  const held = observed.weights?.keys() ?? [];
  const versions = new Set([...firstRouted(observed), ...held, ...start.keys(), ...named]);
  return new Map([...versions].map((version) => [version, start.get(version) ?? 0]));
}

/** The versions in the first object that names any: once it is written, they are read back from there. */
function firstRouted({ routes, api }: Observation): readonly VersionName[] {
  const found = routes.map(({ object, weights, choice }) =>
    weights !== undefined || object === undefined
      ? [...(weights?.keys() ?? [])]
      : api.versions(object, choice),
  );
  return found.find(({ length }) => length > 0) ?? [];
}

function withoutAbsent(
  observed: Observation,
  weights: Weights,
  isDeployed: (version: VersionName) => boolean,
): Weights {
  return new Map(
    [...weights].filter(
      ([version, weight]) =>
        weight > 0 ||
        observed.routes.some((one) => (one.weights?.get(version) ?? 0) > 0) ||
        isDeployed(version) ||
        // The pods of a version that was just retired take a while to go.
        hasPodsOf(observed, version, ({ metadata }) => metadata.deletionTimestamp === undefined),
    ),
  );
}

function routesNothing({ routes, api }: Observation): boolean {
  return routes.every(
    ({ object, choice }) => object === undefined || api.weightsByRoute(object, choice).length === 0,
  );
}
