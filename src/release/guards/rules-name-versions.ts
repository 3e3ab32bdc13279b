import { CanaryError } from '../../core/errors.ts';
import { ruleInSentence, ruleKey } from '../../gateway-api/rules.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import type { ClusterName } from '../../core/names.ts';
import type { VersionName } from '../../core/weights.ts';
import { inSentence } from '../../istio/routes.ts';
import { rulesToService } from '../http-rules-to-service.ts';
import type { Observation } from '../observation.ts';
import { isOpen as isOpenRoute, routesToService } from '../routes-to-service.ts';
import type { Serving } from '../serving-versions.ts';
import { VERSION_LABEL } from '../version-label.ts';

/**
 * Refuses to deploy the first pods of a version while a rule or route sends to all pods of the service: its users would get the version
 * once it is ready, before any preview and whatever its weight.
 *
 * @param leftOpen whether the managed rules themselves cannot be moved off the app's Service
 * @throws CanaryError that tells how each is moved off it
 */
export function assertRulesNameVersions(
  observed: Observation,
  serving: readonly Serving[],
  { version, cluster }: { readonly version: VersionName; readonly cluster: ClusterName },
  leftOpen: boolean,
): void {
  const { release, routes } = observed;
  const { app } = release;
  const rules = rulesToService(observed).filter(({ open }) => open);
  const others = routesToService(observed).filter((lead) => lead.what === 'requests' && isOpenRoute(lead));
  const places = [
    ...rules.map(
      ({ route, rule, cluster: at }) => `${ruleInSentence(route, rule)} of ${nameOf(route)} in ${at}`,
    ),
    ...others.map(
      (lead) =>
        `${inSentence(lead.virtualService, lead.route)} of ${nameOf(lead.virtualService)} in ${lead.cluster}`,
    ),
    ...(leftOpen
      ? routes.flatMap(({ object, cluster: at }) =>
          object === undefined ? [] : [`${nameOf(object)} in ${at}`],
        )
      : []),
  ];
  if (places.length === 0) return;
  const own = new Set(routes.flatMap(({ object }) => (object === undefined ? [] : [nameOf(object)])));
  const added = [
    ...new Set(
      rules.filter(({ route }) => own.has(nameOf(route))).map(({ route, rule }) => ruleKey(route, rule)),
    ),
  ];
  const elsewhere = rules.length + others.length > added.length;
  const remedies = [
    ...(added.length === 0
      ? []
      : [
          `Add what else leads there to the rules that are split (routes: ${[...new Set([...(release.traffic.routes ?? []), ...added])].join(', ')}).`,
        ]),
    ...(elsewhere && rules.length + others.length > 0
      ? [`Point the others to the Service of the version that their users have now (${app}-VERSION).`]
      : []),
    ...(leftOpen ? [remedyFor(serving, app)] : []),
  ];
  throw new CanaryError(
    `Service ${app} leads to the pods of every version, and ${places.join('; ')} ${places.length === 1 ? 'sends' : 'send'} to it: users would get ${version} as soon as a pod of it in ${cluster} is ready, before it was previewed and whatever its weight. ${remedies.join(' ')}`,
  );
}

function remedyFor(serving: readonly Serving[], app: string): string {
  const versions = [...new Set(serving.map(({ version }) => version))];
  if (versions.includes(undefined))
    return `Give the pods that serve it now the label ${VERSION_LABEL} first, so that a Service can select them.`;
  return `Its users get ${versions.join(' and ')} now, by the number of pods. First release these versions with weights of your choice and without the image or manifests of a new one, which moves the route to Services such as ${app}-${versions[0] ?? 'v1'}; then add the new version.`;
}
