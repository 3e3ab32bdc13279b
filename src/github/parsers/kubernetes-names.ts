import type { GatewayApi } from '../../release/release.ts';
import { assertDistinct } from './entries.ts';
import { listOf, text } from './parser.ts';

/** Names of Kubernetes objects. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** A name as most kinds of objects need it (RFC 1123 label). */
export const dnsLabel = text(
  'a name of up to 63 lowercase letters, digits and hyphens',
  (value) => (DNS_LABEL.test(value) ? value : undefined),
  { text: { pattern: DNS_LABEL.source }, number: {} },
);

const DNS_SUBDOMAIN = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
export const objectName = text(
  'the name of an object: lowercase letters, digits, hyphens and dots',
  (value) => (DNS_SUBDOMAIN.test(value) ? value : undefined),
  { text: { pattern: DNS_SUBDOMAIN.source }, number: {} },
);

/** Names of objects of one kind, without repetition. */
export const objectNames = listOf(
  'names of objects, one per line or separated by commas',
  (found) => {
    const wrong = found.find((name) => !DNS_SUBDOMAIN.test(name));
    if (wrong !== undefined) throw new Error(`"${wrong}" is not the name of an object`);
    assertDistinct(found);
    return found.length > 0 ? found : undefined;
  },
  { text: { pattern: DNS_SUBDOMAIN.source } },
);

/** A Gateway, and of which API it is where that is said. */
interface GatewayReference {
  /** `name` or `namespace/name` */
  readonly gateway: string;
  readonly api: GatewayApi | undefined;
}

/** The prefixes that tell Istio's Gateways from those of the Gateway API. */
const GATEWAY_APIS = ['istio', 'gateway-api'] as const satisfies readonly GatewayApi[];

export const gatewayName = text(
  'the name of a Gateway, or namespace/name, after istio: or gateway-api: where Gateways of both APIs have it',
  (value): GatewayReference | undefined => {
    const api = GATEWAY_APIS.find((one) => value.startsWith(`${one}:`));
    const gateway = api === undefined ? value : value.slice(api.length + 1);
    const parts = gateway.split('/');
    return parts.length <= 2 && parts.every((part) => DNS_SUBDOMAIN.test(part))
      ? { gateway, api }
      : undefined;
  },
);
