import { ANY, list, object, oneOf, text, whole, type Shape } from '../api/crd-shape.ts';
import {
  API_GATEWAY,
  GATEWAY_API,
  GATEWAY_CLASS,
  HTTP_ROUTE,
  REFERENCE_GRANT,
  type Kind,
} from '../api/kinds.ts';
import {
  filterMatchesType,
  filtersAreUnique,
  hasPort,
  hasSections,
  isAbsolutePath,
  matchesAreFew,
  redirectsAlone,
} from './rules.ts';

/** What the CustomResourceDefinitions of the standard channel (1.6) say about each kind's spec; no GRPCRoute is checked. */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const HOSTNAME = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const HEADER = /^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$/;
const DURATION = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/;

const port = whole(1, 65_535);
const headers = list(
  object({ name: text({ pattern: HEADER }), value: text() }, { required: ['name', 'value'] }),
  16,
);
const headerModifier = object({ set: headers, add: headers, remove: list(text(), 16) });
const pathModifier = object(
  {
    type: oneOf('ReplaceFullPath', 'ReplacePrefixMatch'),
    replaceFullPath: text(),
    replacePrefixMatch: text(),
  },
  { required: ['type'] },
);
const service = {
  group: text({ default: '' }),
  kind: text({ default: 'Service' }),
  name: text(),
  namespace: text(),
  port,
};

const filters = list(
  object(
    {
      type: oneOf(
        'RequestHeaderModifier',
        'ResponseHeaderModifier',
        'RequestMirror',
        'RequestRedirect',
        'URLRewrite',
        'ExtensionRef',
        'CORS',
      ),
      requestHeaderModifier: headerModifier,
      responseHeaderModifier: headerModifier,
      requestMirror: object(
        {
          backendRef: object(service, { required: ['name'], rules: [hasPort] }),
          percent: whole(0, 100),
          fraction: ANY,
        },
        { required: ['backendRef'] },
      ),
      requestRedirect: object({
        scheme: oneOf('http', 'https'),
        hostname: text({ pattern: NAME }),
        path: pathModifier,
        port,
        statusCode: whole(301, 308, { default: 302 }),
      }),
      urlRewrite: object({ hostname: text({ pattern: NAME }), path: pathModifier }),
      cors: ANY,
      extensionRef: ANY,
    },
    { required: ['type'], rules: [filterMatchesType] },
  ),
  16,
  { rules: [filtersAreUnique] },
);

const compared = object(
  {
    type: text({ values: ['Exact', 'RegularExpression'], default: 'Exact' }),
    name: text({ pattern: HEADER }),
    value: text(),
  },
  { required: ['name', 'value'] },
);
const ANY_PATH = { type: 'PathPrefix', value: '/' };
const matches = list(
  object({
    path: object(
      {
        type: text({ values: ['Exact', 'PathPrefix', 'RegularExpression'], default: 'PathPrefix' }),
        value: text({ default: '/' }),
      },
      { default: ANY_PATH, rules: [isAbsolutePath] },
    ),
    headers: list(compared, 16),
    queryParams: list(compared, 16),
    method: oneOf('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'),
  }),
  64,
  { default: [{ path: ANY_PATH }] },
);

const parentRefs = list(
  object(
    {
      group: text({ default: GATEWAY_API }),
      kind: text({ default: 'Gateway' }),
      namespace: text(),
      name: text(),
      sectionName: text({ pattern: NAME }),
      port,
    },
    { required: ['name'] },
  ),
  32,
  { rules: [hasSections] },
);

const httpRoute = object({
  parentRefs,
  hostnames: list(text({ pattern: HOSTNAME }), 16),
  rules: list(
    object(
      {
        name: text({ pattern: NAME }),
        matches,
        filters,
        backendRefs: list(
          object(
            { ...service, weight: whole(0, 1_000_000, { default: 1 }), filters },
            { required: ['name'], rules: [hasPort] },
          ),
          16,
        ),
        timeouts: object({
          request: text({ pattern: DURATION }),
          backendRequest: text({ pattern: DURATION }),
        }),
      },
      { rules: [redirectsAlone] },
    ),
    16,
    { default: [{ matches: [{ path: ANY_PATH }] }], rules: [matchesAreFew] },
  ),
});

const FROM_SAME = { namespaces: { from: 'Same' } };
const gateway = object(
  {
    gatewayClassName: text(),
    addresses: list(object({ type: text({ default: 'IPAddress' }), value: text() }), 16),
    infrastructure: ANY,
    allowedListeners: ANY,
    tls: ANY,
    listeners: list(
      object(
        {
          name: text({ pattern: NAME }),
          hostname: text({ pattern: HOSTNAME }),
          port,
          protocol: text(),
          tls: object({
            mode: text({ values: ['Terminate', 'Passthrough'], default: 'Terminate' }),
            certificateRefs: list(
              object(
                {
                  group: text({ default: '' }),
                  kind: text({ default: 'Secret' }),
                  name: text(),
                  namespace: text(),
                },
                { required: ['name'] },
              ),
              64,
            ),
            options: ANY,
          }),
          allowedRoutes: object(
            {
              namespaces: object(
                {
                  from: text({ values: ['All', 'Selector', 'Same', 'None'], default: 'Same' }),
                  selector: ANY,
                },
                { default: FROM_SAME.namespaces },
              ),
              kinds: list(
                object({ group: text({ default: GATEWAY_API }), kind: text() }, { required: ['kind'] }),
                8,
              ),
            },
            { default: FROM_SAME },
          ),
        },
        { required: ['name', 'port', 'protocol'] },
      ),
      64,
    ),
  },
  { required: ['gatewayClassName', 'listeners'] },
);

const referenceGrant = object(
  {
    from: list(
      object(
        { group: text(), kind: text(), namespace: text() },
        { required: ['group', 'kind', 'namespace'] },
      ),
      16,
    ),
    to: list(object({ group: text(), kind: text(), name: text() }, { required: ['group', 'kind'] }), 16),
  },
  { required: ['from', 'to'] },
);

const gatewayClass = object(
  { controllerName: text(), description: text(), parametersRef: ANY },
  { required: ['controllerName'] },
);

const SHAPES: ReadonlyMap<Kind, Shape> = new Map([
  [HTTP_ROUTE, httpRoute],
  [API_GATEWAY, gateway],
  [REFERENCE_GRANT, referenceGrant],
  [GATEWAY_CLASS, gatewayClass],
]);

/** The shape of a kind's spec; undefined for a kind that is not of the Gateway API, or not checked. */
export function specShape(kind: Kind): Shape | undefined {
  return SHAPES.get(kind);
}
