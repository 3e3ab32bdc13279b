import { matchesWhole } from '../core/text-pattern.ts';
import type { HttpRoute } from '../kubernetes/objects.ts';
import { MESH } from './virtual-services.ts';

/** A request as routes see it. */
export interface RoutedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly host: string | undefined;
}

/**
 * Whether a route takes a request, as far as the request tells. What it does not tell (scheme, port, source) counts as matched,
 * as this looks for suspects (https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPMatchRequest).
 */
export function takesRequest({ match = [] }: HttpRoute, request: RoutedRequest): boolean {
  return match.length === 0 || match.some((condition) => meets(condition, request));
}

function meets(condition: Readonly<Record<string, unknown>>, request: RoutedRequest): boolean {
  // No URL is made of it: `//x` would be a host there.
  const [pathname = '', ...query] = request.path.split('?');
  const searchParams = new URLSearchParams(query.join('?'));
  const fold = condition['ignoreUriCase'] === true;
  const headers = new Map(
    Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return (
    !isForSidecars(condition['gateways']) &&
    isText(condition['uri'], pathname, fold) &&
    isText(condition['method'], request.method) &&
    (request.host === undefined || isText(condition['authority'], request.host)) &&
    entriesOf(condition['headers']).every(([name, test]) => has(headers.get(name.toLowerCase()), test)) &&
    entriesOf(condition['withoutHeaders']).every(
      ([name, test]) => !has(headers.get(name.toLowerCase()), test),
    ) &&
    entriesOf(condition['queryParams']).every(([name, test]) =>
      has(searchParams.get(name) ?? undefined, test),
    )
  );
}

/** Whether a match is for requests of sidecars alone: none that comes through an ingress. */
function isForSidecars(gateways: unknown): boolean {
  return Array.isArray(gateways) && gateways.length > 0 && gateways.every((name) => name === MESH);
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

/** A value that is there and fits; an empty test asks for its presence alone. */
function has(value: string | undefined, test: unknown): boolean {
  return value !== undefined && isText(test, value);
}

/** Istio's StringMatch; a missing or empty one fits every text, and so does an expression that is none to JavaScript. */
function isText(test: unknown, text: string, fold = false): boolean {
  const [kind, given] = entriesOf(test)[0] ?? [];
  if (typeof given !== 'string') return true;
  const [value, wanted] = fold ? [text.toLowerCase(), given.toLowerCase()] : [text, given];
  switch (kind) {
    case 'exact':
      return value === wanted;
    case 'prefix':
      return value.startsWith(wanted);
    case 'regex':
      // Istio ignores the case of exact and prefix matches alone.
      return matchesWhole(given, text) ?? true;
    default:
      return true;
  }
}
