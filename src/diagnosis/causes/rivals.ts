import { backendsTo } from '../../gateway-api/backends.ts';
import { rulePart } from '../../gateway-api/rules.ts';
import type { ClusterName } from '../../core/names.ts';
import { createdAt, keyOf, nameOf } from '../../kubernetes/objects.ts';
import type { VirtualService } from '../../kubernetes/objects.ts';
import type { Release } from '../../release/release.ts';
import { listenerName } from '../../release/rival-rules.ts';
import type { RuleAhead } from '../../release/rival-rules.ts';
import type { RouteState } from '../../release/route-state.ts';
import type { StraySeen } from '../../texts/catalogue/rival-findings.ts';
import type { Finding } from '../finding.ts';

interface Seen {
  readonly release: Release;
  readonly cluster: ClusterName;
  /** Kind and name of the object that holds the weights. */
  readonly managed: string;
  readonly seen: StraySeen;
}

/** A rule of the Gateway API that takes requests from the managed route, of whichever kind that is. */
export function ruleFinding(
  { isSampled, through, route, rule, merged }: RuleAhead,
  { release, held, cluster, managed, seen }: Seen & { readonly held: RouteState },
): Finding {
  const isKnown = merged?.isCertain ?? true;
  const common = {
    created: createdAt(route),
    path: release.check.path,
    managed,
    listener:
      through === undefined || (isSampled && merged === undefined) ? undefined : listenerName(through),
    merged: merged && { gateway: keyOf(merged.gateway.metadata), certain: merged.isCertain },
    grpc: route.kind === 'GRPCRoute',
    seen,
  };
  return {
    title: { kind: 'takesRequestsTitle', object: nameOf(route), cluster, certain: isSampled && isKnown },
    detail:
      rule === undefined
        ? { kind: 'rivalHostname', ...common, hostnames: route.spec.hostnames ?? [] }
        : {
            kind: 'rivalRule',
            ...common,
            rule: rulePart(route, rule),
            app: backendsTo(route, rule, held.choice).length > 0 ? undefined : release.app,
          },
  };
}

/** A VirtualService whose narrower host takes requests that none of its routes takes. */
export function hostFinding(
  entrance: VirtualService,
  { release, cluster, managed, seen, certain }: Seen & { readonly certain: boolean },
): Finding {
  return {
    title: { kind: 'takesRequestsTitle', object: nameOf(entrance), cluster, certain },
    detail: {
      kind: 'rivalHost',
      hosts: entrance.spec.hosts ?? [],
      created: createdAt(entrance),
      path: release.check.path,
      managed,
      seen,
      certain,
    },
  };
}
