import { backendsTo, sumOfBackends, versionServiceName } from '../../gateway-api/backends.ts';
import { managedRules } from '../../gateway-api/managed-rules.ts';
import { isHttpRoute } from '../../gateway-api/objects.ts';
import type { HTTPRoute } from '../../gateway-api/objects.ts';
import {
  gatewayDetachments,
  gatewayParents,
  parentKey,
  routeDetachments,
} from '../../gateway-api/parents.ts';
import { ruleInSentence } from '../../gateway-api/rules.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import { routeStateFor } from '../../release/route-state.ts';
import type { RouteState } from '../../release/route-state.ts';
import { rulesAhead } from '../../release/rival-rules.ts';
import type { FleetState } from '../../release/state.ts';
import { serviceOfVersion } from '../../release/version-services.ts';
import { total } from '../../verify/evidence.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
import { failedOf, fails } from '../snapshot.ts';
import type { Snapshot } from '../snapshot.ts';
import { oncePerTitle } from '../finding.ts';
import type { Finding } from '../finding.ts';

/** An HTTPRoute that serves an ingress which failed. */
interface Served {
  readonly one: IngressEvidence;
  readonly held: RouteState;
  readonly route: HTTPRoute;
  readonly fleet: FleetState;
}

/** A route that its controller does not take, or whose Gateway is not programmed: the gateway serves what it had before, or nothing. */
export function routeNotInForce(snapshot: Snapshot): readonly Finding[] {
  return oncePerTitle(
    servedOf(snapshot).flatMap(({ held, route, fleet }) => {
      const gateways = (fleet.get(held.cluster)?.gatewayApi?.gateways ?? []).filter(({ metadata }) =>
        gatewayParents(route).some(
          (parent) => parentKey(route, parent) === `${metadata.namespace ?? ''}/${metadata.name}`,
        ),
      );
      return [...routeDetachments(route), ...gateways.flatMap(gatewayDetachments)].map(
        ({ text, condition }) => ({
          title: `${condition} is not true of ${condition === 'Programmed' ? 'the Gateway' : nameOf(route)} in ${held.cluster}`,
          detail: `${text}.`,
        }),
      );
    }),
  );
}

/** A version with weight whose Service is missing: in all clusters its share gets status 500, which still carries its mark. */
export function versionServiceMissing(snapshot: Snapshot): readonly Finding[] {
  const { release } = snapshot;
  return oncePerTitle(
    servedOf(snapshot).flatMap(({ one, fleet }) =>
      [...one.weights].flatMap(([version, weight]): readonly Finding[] => {
        const states = [...fleet.values()].filter(({ otherServices }) => otherServices !== 'unlisted');
        const without = states.filter((state) => serviceOfVersion(release, state, version) === undefined);
        if (weight === 0 || without.length === 0) return [];
        const name = `Service ${release.namespace}/${versionServiceName(release.app, version)}`;
        const clusters = without.map((state) => state.name).join(', ');
        const effect =
          without.length === states.length
            ? `its ${String(weight)}% get status 500 from the gateway, which still marks them with ${version}`
            : 'the other clusters still answer for it, but ResolvedRefs is False where it is missing';
        return [
          {
            title: `${name} is missing in ${clusters}`,
            detail: `The HTTPRoute gives ${version} ${String(weight)}%: ${effect}. Run the operation rollout: it creates the Service again.`,
          },
        ];
      }),
    ),
  );
}

/** A rule all of whose backends have weight 0: the gateway answers 500. */
export function nothingWeighted(snapshot: Snapshot): readonly Finding[] {
  return oncePerTitle(
    servedOf(snapshot)
      .filter(({ one }) => fails(one))
      .flatMap(({ held, route }) =>
        managedRules(route, held.choice)
          .filter(({ backendRefs = [] }) => backendRefs.length > 0 && sumOfBackends(backendRefs) === 0)
          .map((rule) => ({
            title: `All backends of ${ruleInSentence(route, rule)} in ${held.cluster} have weight 0`,
            detail: `${nameOf(route)} sends its requests nowhere, and the gateway answers them with status 500. Run the operation rollout with the input weights.`,
          })),
      ),
  );
}

/** Rules that the gateway asks before the managed one: of a more specific match or hostname, or of an older route. */
export function otherRules(snapshot: Snapshot): readonly Finding[] {
  const { release } = snapshot;
  return servedOf(snapshot).flatMap(({ one, held, route, fleet }) => {
    if (one.withoutRevision === 0 && one.stale.size === 0 && !fails(one)) return [];
    const strange = one.withoutRevision > 0 ? one.withoutRevision : total(one.stale);
    const seen =
      strange > 0
        ? `${String(strange)} of ${String(one.requests)} requests were not answered by the managed rule`
        : `${String(total(one.errors))} of ${String(one.requests)} requests failed`;
    const found = rulesAhead(release, fleet, held);
    if (found.length === 0) return [];
    return found.map((ahead) => {
      const leads = backendsTo(ahead.route, ahead.rule, held.choice).length > 0;
      const created = ahead.route.metadata['creationTimestamp'];
      const age = typeof created === 'string' ? ` (created at ${created})` : '';
      return {
        title: `${nameOf(ahead.route)} takes requests in ${one.cluster}`,
        detail: `Its ${ruleInSentence(ahead.route, ahead.rule).replace(/^the /, '')}${age} takes the path ${release.check.path} before ${nameOf(route)} does${leads ? '' : `, and does not lead to ${release.app}`}: ${seen}. A gateway prefers the more specific hostname, path, method, headers and query, then the older route. Narrow its matches or hostnames, or remove it.`,
      };
    });
  });
}

function servedOf(snapshot: Snapshot): readonly Served[] {
  const { routes, state } = snapshot;
  if (state === undefined) return [];
  return failedOf(snapshot).flatMap((one) => {
    const held = routeStateFor(routes, one.cluster);
    return held?.object === undefined || !isHttpRoute(held.object)
      ? []
      : [{ one, held, route: held.object, fleet: state }];
  });
}
