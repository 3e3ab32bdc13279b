import { backendsTo } from '../../gateway-api/backends.ts';
import type { StraySeen } from '../../texts/catalogue/findings.ts';
import { isHttpRoute } from '../../gateway-api/objects.ts';
import type { HTTPRoute } from '../../gateway-api/objects.ts';
import { rulePart } from '../../gateway-api/rules.ts';
import { nameOf } from '../../kubernetes/objects.ts';
import { detachmentsOf, unweightedRules } from '../../release/route-defects.ts';
import { routeStateFor } from '../../release/route-state.ts';
import type { RouteState } from '../../release/route-state.ts';
import { rulesAhead } from '../../release/rival-rules.ts';
import type { FleetState } from '../../release/state.ts';
import { versionServiceDefects } from '../../release/version-service-defects.ts';
import { total } from '../../verify/evidence.ts';
import type { IngressEvidence } from '../../verify/evidence.ts';
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
  return servedOf(snapshot).flatMap(({ one, held, route, fleet }) => {
    if (one.withoutRevision === 0 && one.stale.size === 0 && !fails(one)) return [];
    const strange = one.withoutRevision > 0 ? one.withoutRevision : total(one.stale);
    const { requests } = one;
    const seen: StraySeen =
      strange > 0
        ? { unanswered: strange, requests, managed: undefined }
        : { failed: total(one.errors), requests };
    const found = rulesAhead(release, fleet, held);
    if (found.length === 0) return [];
    return found.map((ahead) => {
      const leads = backendsTo(ahead.route, ahead.rule, held.choice).length > 0;
      const created = ahead.route.metadata['creationTimestamp'];
      return {
        title: {
          kind: 'takesRequestsTitle',
          object: nameOf(ahead.route),
          cluster: one.cluster,
          certain: true,
        },
        detail: {
          kind: 'rivalRule',
          rule: rulePart(ahead.route, ahead.rule),
          created: typeof created === 'string' ? created : undefined,
          path: release.check.path,
          managed: nameOf(route),
          app: leads ? undefined : release.app,
          seen,
        },
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
