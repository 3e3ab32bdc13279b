/** A route of a VirtualService, or a rule of an HTTPRoute: by its name, or by its place where it has none (`http[0]`). */
export interface RoutePart {
  readonly part: 'route' | 'rule';
  readonly key: string;
  readonly isNamed: boolean;
}

/** What gives a version its pods: a subset, or the Service of that name. */
export type VersionWay = { readonly subset: string } | { readonly service: string };

/** Names of parts of routes, within a sentence. */
export interface RouteTexts {
  /** `rule main`, `the unnamed rules[0]` */
  readonly part: (part: RoutePart) => string;
  /** `subset v1`, `Service hello-v1` */
  readonly way: (way: VersionWay) => string;
}
