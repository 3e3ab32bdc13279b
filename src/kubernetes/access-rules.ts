/** A permission of the user of a kubeconfig: to do something with a kind of object, or with one object. */
export interface Permission {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** `deployments` */
  readonly resource: string;
  /** undefined for a cluster-scoped kind */
  readonly namespace: string | undefined;
  /** undefined where a request does not name the object, as a list does not, nor a create by POST */
  readonly name: string | undefined;
}

/** What a role allows, as a SelfSubjectRulesReview lists it. */
export interface AccessRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[] | null | undefined;
  readonly resources?: readonly string[] | null | undefined;
  /** Empty for all objects. */
  readonly resourceNames?: readonly string[] | null | undefined;
}

/**
 * Whether any of the rules allows something, as the API server decides it.
 * Source: https://pkg.go.dev/k8s.io/kubernetes/pkg/registry/rbac/validation
 */
export function permits(rules: readonly AccessRule[], { verb, group, resource, name }: Permission): boolean {
  return rules.some(({ verbs, apiGroups, resources, resourceNames }) => {
    const names = resourceNames ?? [];
    return (
      includes(verbs, verb) &&
      includes(apiGroups, group) &&
      includes(resources, resource) &&
      (names.length === 0 || (name !== undefined && names.includes(name)))
    );
  });
}

function includes(allowed: readonly string[] | null | undefined, wanted: string): boolean {
  return allowed?.some((one) => one === '*' || one === wanted) === true;
}

/** `update virtualservices.networking.istio.io/helloworld in namespace gray-demo` */
export function describePermission({ verb, group, resource, namespace, name }: Permission): string {
  const kind = group === '' ? resource : `${resource}.${group}`;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return `${verb} ${kind}${name === undefined ? '' : `/${name}`}${where}`;
}
