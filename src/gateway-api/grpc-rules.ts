import type { GRPCMethodMatch, GRPCRoute, GRPCRouteMatch, HTTPRoute, HTTPRouteMatch } from './objects.ts';

/** The type of path of a rule that has none, which Istio asks after those with one. An HTTPRoute cannot have it. */
export const NO_PATH = 'None';

/**
 * A GRPCRoute with its rules as an HTTPRoute would write them. Istio gives them every HTTP request that they match, whatever its method
 * and content.
 * Source: `convertGRPCRoute` of Istio 1.31.
 */
export function withHttpRules({ spec, ...route }: GRPCRoute): HTTPRoute {
  const { rules = [] } = spec;
  return {
    ...route,
    kind: 'GRPCRoute',
    spec: {
      ...spec,
      rules: rules.map(({ matches = [], ...rule }) => ({
        ...rule,
        matches: (matches.length === 0 ? [{}] : matches).map(({ method, ...match }: GRPCRouteMatch) => ({
          ...match,
          ...pathOf(method),
        })),
      })),
    },
  };
}

/** gRPC asks for `/SERVICE/METHOD`. */
function pathOf(method: GRPCMethodMatch | undefined): Pick<HTTPRouteMatch, 'path'> {
  if (method === undefined) return { path: { type: NO_PATH } };
  const { type = 'Exact', service, method: name } = method;
  if (type !== 'Exact' || service === undefined)
    return { path: { type: 'RegularExpression', value: `/${service ?? '[^/]+'}/${name ?? '.+'}` } };
  return {
    path:
      name === undefined
        ? { type: 'PathPrefix', value: `/${service}/` }
        : { type: 'Exact', value: `/${service}/${name}` },
  };
}
