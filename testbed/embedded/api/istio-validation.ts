import {
  arrayAt,
  at,
  isObject,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
  type Json,
  type JsonObject,
} from '../json.ts';
import { covers } from '../hosts.ts';
import { toRegExp } from '../regexp.ts';
import { DESTINATION_RULE, GATEWAY, VIRTUAL_SERVICE, type Kind } from './kinds.ts';
import type { Cause } from './status.ts';

/** The webhook that checks Istio's objects in a default installation. */
export const ISTIO_WEBHOOK = 'rev.validation.istio.io';

/**
 * What the CustomResourceDefinition's schema refuses (the API server's 422): the wrong types that a release tool
 * could write.
 */
export function schemaCauses(kind: Kind, object: JsonObject): Cause[] {
  if (kind !== VIRTUAL_SERVICE) return [];
  const causes: Cause[] = [];
  const expect = (value: Json | undefined, type: 'int32' | 'string', field: string): void => {
    const fits = type === 'int32' ? Number.isInteger(value) : typeof value === 'string';
    if (value === undefined || fits) return;
    const found = typeof value === 'number' ? 'float64' : Array.isArray(value) ? 'array' : typeof value;
    // A number with a fraction fails by its format, anything else by its type.
    const wanted = type === 'int32' && found !== 'float64' ? 'integer' : type;
    causes.push({
      reason: 'FieldValueTypeInvalid',
      message: `Invalid value: "${found}": ${field} in body must be of type ${wanted}: "${found}"`,
      field,
    });
    if (found === 'float64' && type === 'int32') {
      const message = `Invalid value: "": Checked value must be of type integer with format int32 in ${field}`;
      causes.push({ reason: 'FieldValueInvalid', message, field: '<nil>' });
    }
  };
  objectsAt(object, 'spec', 'http').forEach((route, routeIndex) => {
    const path = `spec.http[${String(routeIndex)}]`;
    expect(route['name'], 'string', `${path}.name`);
    objectsAt(route, 'route').forEach((destination, index) => {
      const field = `${path}.route[${String(index)}]`;
      expect(destination['weight'], 'int32', `${field}.weight`);
      expect(at(destination, 'destination', 'host'), 'string', `${field}.destination.host`);
      expect(at(destination, 'destination', 'subset'), 'string', `${field}.destination.subset`);
      if (at(destination, 'destination', 'host') === undefined) {
        causes.push({
          reason: 'FieldValueRequired',
          message: 'Required value',
          field: `${field}.destination.host`,
        });
      }
    });
  });
  if (causes.length > 0) causes.push(UNCHECKED);
  return causes;
}

/** What the server appends to the violations of a schema. */
const UNCHECKED: Cause = {
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  field: '<nil>',
};

/**
 * What Istio's validating webhook refuses, in its words (istio.io/istio, package pkg/config/validation). It does not
 * require weights that add up to 100.
 *
 * @returns the problems; empty where the object is valid.
 */
export function webhookProblems(kind: Kind, object: JsonObject): string[] {
  const spec = objectAt(object, 'spec');
  switch (kind) {
    case VIRTUAL_SERVICE:
      return [...virtualServiceProblems(spec), ...exportToProblems(object)];
    case DESTINATION_RULE:
      return [...destinationRuleProblems(spec), ...exportToProblems(object)];
    case GATEWAY:
      return gatewayProblems(spec);
    default:
      return [];
  }
}

/** The message that the webhook makes of its problems (hashicorp/go-multierror prints several as a list). */
export function webhookMessage(problems: readonly string[]): string {
  const list =
    problems.length === 1
      ? problems.join('')
      : `${String(problems.length)} errors occurred:\n${problems.map((problem) => `\t* ${problem}\n`).join('')}\n`;
  return `configuration is invalid: ${list}`;
}

function virtualServiceProblems(spec: JsonObject): string[] {
  const problems: string[] = [];
  const hosts = textsOf(spec, 'hosts');
  const gateways = textsOf(spec, 'gateways');
  const routes = objectsAt(spec, 'http');
  const others = objectsAt(spec, 'tcp').length + objectsAt(spec, 'tls').length;
  const isDelegate = hosts.length === 0;
  if (isDelegate && gateways.length > 0)
    problems.push('delegate virtual service must have no gateways specified');
  if (gateways.every((gateway) => gateway === 'mesh') && hosts.includes('*')) {
    problems.push('wildcard host * is not allowed for virtual services bound to the mesh gateway');
  }
  problems.push(...hosts.flatMap(domainProblems));
  hosts.forEach((host, index) => {
    for (const other of hosts.slice(index + 1)) {
      if (covers(host, other)) problems.push(`duplicate hosts in virtual service: ${host} & ${other}`);
    }
  });
  if (routes.length + others === 0) problems.push('http, tcp or tls must be provided in virtual service');
  for (const route of routes) {
    problems.push(
      ...actionProblems(route, isDelegate),
      ...matchProblems(route),
      ...destinationProblems(route),
    );
  }
  return problems;
}

function exportToProblems(object: JsonObject): string[] {
  const namespace = textAt(object, 'metadata', 'namespace') ?? '';
  const given = textsOf(objectAt(object, 'spec'), 'exportTo');
  const problems = given.flatMap((each, index) => {
    if (each === '~') return ['exportTo ~ (none) is not allowed for Istio configuration objects'];
    const earlier = given.slice(0, index).map((other) => (other === '.' ? namespace : other));
    if (!earlier.includes(each === '.' ? namespace : each)) return [];
    return each === '.'
      ? [`duplicate entries in exportTo: . and current namespace ${namespace}`]
      : [`duplicate entries in exportTo for entry ${each}`];
  });
  if (given.includes('*') && given.length > 1)
    problems.push('cannot have both public (*) and non-public exportTo values for a resource');
  return problems;
}

/** A route has exactly one action. */
function actionProblems(route: JsonObject, isDelegate: boolean): string[] {
  const name = textAt(route, 'name') ?? '';
  const forwards = objectsAt(route, 'route').length > 0;
  const redirects = isObject(route['redirect']);
  const responds = isObject(route['directResponse']);
  if (isObject(route['delegate'])) {
    if (isDelegate) return ['delegate HTTP route cannot contain delegate'];
    return [
      ...(redirects ? [`root HTTP route ${name} must not specify redirect`] : []),
      ...(forwards ? [`root HTTP route ${name} must not specify route`] : []),
    ];
  }
  if (redirects) {
    return [
      ...(forwards ? ['HTTP route cannot contain both route and redirect'] : []),
      ...(isObject(route['fault']) ? ['HTTP route cannot contain both fault and redirect'] : []),
      ...(isObject(route['rewrite']) ? ['HTTP route rule cannot contain both rewrite and redirect'] : []),
      ...(responds ? ['HTTP route rule cannot contain both direct_response and redirect'] : []),
    ];
  }
  if (responds) {
    return [
      ...(forwards ? ['HTTP route cannot contain both route and direct_response'] : []),
      ...(isObject(route['fault']) ? ['HTTP route cannot contain both fault and direct_response'] : []),
      ...(isObject(route['rewrite'])
        ? ['HTTP route rule cannot contain both rewrite and direct_response']
        : []),
    ];
  }
  return forwards ? [] : ['HTTP route, redirect or direct_response is required'];
}

function matchProblems(route: JsonObject): string[] {
  return objectsAt(route, 'match').flatMap((match) => {
    const single = ['uri', 'scheme', 'method', 'authority'].map((name) => [name, match[name]] as const);
    const maps = ['headers', 'withoutHeaders', 'queryParams'].flatMap((name) =>
      Object.entries(objectAt(match, name)),
    );
    return [...single, ...maps].flatMap(([name, test]) => {
      const problem = expressionProblem(textAt(test, 'regex'));
      return problem === undefined ? [] : [`"${name}": ${problem}`];
    });
  });
}

function expressionProblem(expression: string | undefined): string | undefined {
  if (expression === undefined) return undefined;
  try {
    toRegExp(expression);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `error parsing regexp: ${why}; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)`;
  }
}

function destinationProblems(route: JsonObject): string[] {
  const problems = headerProblems(route);
  const destinations = objectsAt(route, 'route');
  let total = 0;
  for (const destination of destinations) {
    problems.push(...headerProblems(destination));
    if (!isObject(destination['destination'])) problems.push('destination is required');
    const subset = textAt(destination, 'destination', 'subset') ?? '';
    if (subset !== '') problems.push(...subsetNameProblems(subset));
    const weight = numberAt(destination, 'weight') ?? 0;
    if (weight < 0) problems.push(`weight ${String(weight)} < 0`);
    total += weight;
  }
  if (destinations.length > 1 && total === 0) problems.push('total destination weight = 0');
  return problems;
}

function headerProblems(holder: JsonObject): string[] {
  const names = ['request', 'response'].flatMap((direction) =>
    ['add', 'set'].flatMap((operation) => Object.keys(objectAt(holder, 'headers', direction, operation))),
  );
  return names.flatMap((name) => {
    if (name === '') return ['header name cannot be empty'];
    return name.startsWith(':') ? [`invalid header "${name}": header cannot have ":" prefix`] : [];
  });
}

function subsetNameProblems(name: string): string[] {
  if (name === '') return ['subset name cannot be empty'];
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i.test(name) ? [] : [`subset name is invalid: ${name}`];
}

function destinationRuleProblems(spec: JsonObject): string[] {
  const problems: string[] = [];
  if ((textAt(spec, 'host') ?? '') === '') problems.push('domain name "" invalid (label "" invalid)');
  const names = new Set<string>();
  for (const subset of objectsAt(spec, 'subsets')) {
    const name = textAt(subset, 'name') ?? '';
    if (names.has(name)) problems.push(`duplicate subset names: ${name}`);
    names.add(name);
    problems.push(...subsetNameProblems(name));
  }
  return problems;
}

const PROTOCOLS = 'HTTP, HTTP2, GRPC, GRPC-WEB, MONGO, REDIS, MYSQL, TCP';

function gatewayProblems(spec: JsonObject): string[] {
  const servers = objectsAt(spec, 'servers');
  if (servers.length === 0) return ['gateway must have at least one server'];
  return servers.flatMap((server) => {
    const problems: string[] = [];
    const hosts = textsOf(server, 'hosts');
    if (hosts.length === 0) problems.push('server config must contain at least one host');
    // The part before a slash names the namespaces that may bind to the host.
    problems.push(...hosts.flatMap((host) => domainProblems(host.split('/').at(-1) ?? '')));
    const number = numberAt(server, 'port', 'number') ?? 0;
    if (number < 1 || number > 65535)
      problems.push(`port number ${String(number)} must be in the range 1..65535`);
    const protocol = textAt(server, 'port', 'protocol') ?? '';
    if (protocol === '') problems.push(`invalid protocol "", supported protocols are ${PROTOCOLS}`);
    if ((textAt(server, 'port', 'name') ?? '') === '') problems.push('port name must be set');
    const secure = protocol === 'HTTPS' || protocol === 'TLS';
    if (secure && !isObject(server['tls']))
      problems.push('server must have TLS settings for HTTPS/TLS protocols');
    return problems;
  });
}

const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[\da-f:]*:[\da-f:.]*)$/i;
const DOMAIN_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i;

/** A host is a domain name, whose first label may be or begin with an asterisk, or an address. */
function domainProblems(domain: string): string[] {
  if (domain === '') return ['empty domain name not allowed'];
  if (ADDRESS.test(domain)) return [];
  const [first = '', ...rest] = domain.split('.');
  const bare = first.replace(/^\*-?(?=.)/, '');
  if (first !== '*' && !DOMAIN_LABEL.test(bare))
    return [`domain name "${domain}" invalid (label "${first}" invalid)`];
  const wrong = rest.find(
    (label, index) => !DOMAIN_LABEL.test(label) && !(label === '' && index === rest.length - 1),
  );
  return wrong === undefined ? [] : [`domain name "${rest.join('.')}" invalid (label "${wrong}" invalid)`];
}

function textsOf(value: JsonObject, field: string): string[] {
  return arrayAt(value, field).filter((item) => typeof item === 'string');
}
