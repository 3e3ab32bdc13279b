import type { ListenerCandidate, UnusableParent } from '../gateway-api/ingress-candidates.ts';
import { isHttps } from '../istio/gateways.ts';
import type { IngressCandidate, UnusableCandidate } from '../istio/gateways.ts';

/** A way in by a Gateway of Istio or of the Gateway API. */
export type WayIn = IngressCandidate | ListenerCandidate;

/** A way in, or a Gateway that is none. */
export type Candidate = WayIn | UnusableCandidate | UnusableParent;

export function schemeOf(wayIn: WayIn): 'http' | 'https' {
  const secure = 'listener' in wayIn ? wayIn.listener.protocol === 'HTTPS' : isHttps(wayIn.server);
  return secure ? 'https' : 'http';
}
