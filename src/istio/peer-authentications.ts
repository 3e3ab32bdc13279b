import { compareTexts } from '../core/compare-texts.ts';
import type { KubeObject, Labels } from '../kubernetes/objects.ts';
import { selects } from '../kubernetes/objects.ts';

type Mode = string | null | undefined;

/** Which connections the pods of a namespace, of the mesh, or of a selector accept. */
export interface PeerAuthentication extends KubeObject {
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: Labels };
    readonly mtls?: { readonly mode?: Mode };
    readonly portLevelMtls?: Readonly<Record<string, { readonly mode?: Mode }>>;
  };
}

/**
 * The policy that requires mutual TLS of some pods: their own before that of the namespace before that of the mesh; undefined where
 * the deciding one does not, or there is none.
 * Source: https://istio.io/latest/docs/reference/config/security/peer_authentication/
 *
 * @param port of the container that serves users; undefined: not known
 */
export function strictPolicy(
  policies: readonly PeerAuthentication[],
  pods: { readonly namespace: string; readonly labels: Labels; readonly port: number | undefined },
  rootNamespace: string,
): PeerAuthentication | undefined {
  const own = policies.filter(({ metadata }) => metadata.namespace === pods.namespace);
  const isWide = ({ spec }: PeerAuthentication): boolean =>
    Object.keys(spec?.selector?.matchLabels ?? {}).length === 0;
  const ofPods = own.filter((one) => !isWide(one) && selects(one.spec?.selector?.matchLabels, pods.labels));
  const ofMesh = policies.filter((one) => isWide(one) && one.metadata.namespace === rootNamespace);
  for (const group of [ofPods, own.filter(isWide), ofMesh]) {
    for (const policy of group.toSorted(byAge)) {
      const mode = modeOf(policy, pods.port);
      if (mode !== undefined) return mode === 'STRICT' ? policy : undefined;
    }
  }
  return undefined;
}

/** What a policy says itself; undefined where it inherits. */
function modeOf({ spec }: PeerAuthentication, port: number | undefined): string | undefined {
  const ofPort = port === undefined ? undefined : spec?.portLevelMtls?.[String(port)]?.mode;
  const mode = ofPort === 'UNSET' ? undefined : ofPort;
  const whole = spec?.mtls?.mode === 'UNSET' ? undefined : spec?.mtls?.mode;
  return mode ?? whole ?? undefined;
}

/** Istio follows the oldest of several. */
function byAge(a: PeerAuthentication, b: PeerAuthentication): number {
  const created = ({ metadata: { creationTimestamp } }: PeerAuthentication): string =>
    typeof creationTimestamp === 'string' ? creationTimestamp : '';
  return compareTexts(created(a), created(b));
}
