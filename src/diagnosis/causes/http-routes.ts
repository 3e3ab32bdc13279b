import type { StraySeen } from '../../texts/catalogue/rival-findings.ts';
import { isHttpRoute } from '../../gateway-api/objects.ts';
import type { HTTPRoute } from '../../gateway-api/objects.ts';
import { routeKey } from '../../istio/routes.ts';
import { createdAt, keyOf, nameOf } from '../../kubernetes/objects.ts';
import { detachmentsOf, unweightedRules } from '../../release/route-defects.ts';
import { routeStateFor } from '../../release/route-state.ts';
import type { RouteState } from '../../release/route-state.ts';
import { listenerName, rulesAhead } from '../../release/rival-rules.ts';
import { virtualServicesAhead } from '../../release/rival-virtual-services.ts';
import type { FleetState } from '../../release/state.ts';
import { versionServiceDefects } from '../../release/version-service-defects.ts';
import { total } from '../../verify/evidence.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
import { hostFinding, ruleFinding } from './rivals.ts';
import { failedOf, fails } from '../snapshot.ts';
import type { Snapshot } from '../snapshot.ts';
import { oncePerTitle } from '../../texts/texts.ts';
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
    servedOf(snapshot).flatMap(({ held, route, fleet }) =>
      detachmentsOf(held, route, fleet).map(({ title, detail }) => ({ title, detail })),
    ),
  );
}

/** A version with weight whose Service is missing, or does not lead to its pods. */
export function versionServices(snapshot: Snapshot): readonly Finding[] {
  const { release } = snapshot;
  const [first] = servedOf(snapshot);
  if (first === undefined) return [];
  const routes = servedOf(snapshot).map(({ held }) => held);
  return versionServiceDefects({ release, fleet: first.fleet, routes }).flatMap(({ defect }) => defect);
}

/** A rule all of whose backends have weight 0: the gateway answers 500. */
export function nothingWeighted(snapshot: Snapshot): readonly Finding[] {
  return oncePerTitle(
    servedOf(snapshot)
      .filter(({ one }) => fails(one))
      .flatMap(({ held, route }) => unweightedRules(held, route)),
  );
}

/** Rules that the gateway asks before the managed one: of a more specific match or hostname, or of an older route. */
export function otherRules(snapshot: Snapshot): readonly Finding[] {
  const { release } = snapshot;
  return strayingOf(snapshot).flatMap(({ one, held, route, fleet }) =>
    rulesAhead(release, fleet, held).map((ahead) =>
      ruleFinding(ahead, { release, held, cluster: one.cluster, managed: nameOf(route), seen: seenOf(one) }),
    ),
  );
}

/** VirtualServices that the same gateway pods serve, and whose routes they ask before the managed rule. */
export function otherVirtualServices(snapshot: Snapshot): readonly Finding[] {
  const { release } = snapshot;
  return strayingOf(snapshot).flatMap(({ one, held, route: own, fleet }) =>
    virtualServicesAhead(release, fleet, held).map((ahead) => {
      const { virtualService, entrance, route, gateway, through, narrower, isCertain: certain } = ahead;
      const { cluster } = one;
      const seen = seenOf(one);
      if (route === undefined)
        return hostFinding(entrance, { release, cluster, managed: nameOf(own), seen, certain });
      return {
        title: { kind: 'takesRequestsTitle', object: nameOf(entrance), cluster, certain },
        detail: {
          kind: 'rivalVirtualService',
          hosts: entrance.spec.hosts ?? [],
          gateway: keyOf(gateway.metadata),
          listener: listenerName(through),
          created: createdAt(entrance),
          route: routeKey(virtualService, route),
          path: release.check.path,
          seen,
          narrower,
          certain,
        },
      };
    }),
  );
}

/** Those at which there were responses that the managed rule would not give, or failures. */
function strayingOf(snapshot: Snapshot): readonly Served[] {
  return servedOf(snapshot).filter(({ one }) => one.withoutRevision > 0 || one.stale.size > 0 || fails(one));
}

function seenOf(one: IngressEvidence): StraySeen {
  const { requests } = one;
  const strange = one.withoutRevision > 0 ? one.withoutRevision : total(one.stale);
  return strange > 0
    ? { unanswered: strange, requests, managed: undefined }
    : { failed: total(one.errors), requests };
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
