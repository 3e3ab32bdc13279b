/** An entry of a kubeconfig under `clusters`. */
export interface KubeCluster {
  readonly name: string;
  /** Without a trailing slash. */
  readonly server: string;
  /** Base64 */
  readonly caData: string | undefined;
  readonly caFile: string | undefined;
  readonly skipTLSVerify: boolean;
  readonly tlsServerName: string | undefined;
  readonly proxyUrl: string | undefined;
  /** The extension `client.authentication.k8s.io/exec`, for login commands. */
  readonly execConfig: unknown;
}

/** As whom a user acts, in the words of the kubeconfig. */
export interface Impersonation {
  readonly as?: string | null | undefined;
  readonly 'as-uid'?: string | null | undefined;
  readonly 'as-groups'?: readonly string[] | null | undefined;
  readonly 'as-user-extra'?:
    Readonly<Record<string, readonly string[] | null | undefined>> | null | undefined;
}

/** An entry under `users`. */
export interface KubeUser {
  readonly name: string;
  /** Base64 */
  readonly certData: string | undefined;
  readonly certFile: string | undefined;
  /** Base64 */
  readonly keyData: string | undefined;
  readonly keyFile: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Neither of both is checked before it is used. */
  readonly authProvider: unknown;
  readonly exec: unknown;
  readonly impersonation: Impersonation;
}

/** An entry under `contexts`. */
export interface KubeContext {
  readonly name: string;
  readonly cluster: string;
  /** undefined where it does without one */
  readonly user: string | undefined;
  readonly namespace: string | undefined;
}

/** What a kubeconfig says. */
export interface KubeConfigParts {
  readonly clusters: readonly KubeCluster[];
  readonly users: readonly KubeUser[];
  readonly contexts: readonly KubeContext[];
  /** Empty where none is set. */
  readonly currentContext: string;
}

/** The contexts of one or several kubeconfigs, and what they refer to; found by their names in one step. */
export class KubeConfig {
  readonly parts: KubeConfigParts;
  readonly #clusters: ReadonlyMap<string, KubeCluster>;
  readonly #users: ReadonlyMap<string, KubeUser>;
  readonly #contexts: ReadonlyMap<string, KubeContext>;

  constructor(parts: KubeConfigParts = { clusters: [], users: [], contexts: [], currentContext: '' }) {
    this.parts = parts;
    this.#clusters = byName(parts.clusters);
    this.#users = byName(parts.users);
    this.#contexts = byName(parts.contexts);
  }

  context(name: string): KubeContext | undefined {
    return this.#contexts.get(name);
  }

  user(name: string): KubeUser | undefined {
    return this.#users.get(name);
  }

  /** The cluster that a context refers to; undefined where there is none. */
  clusterOf(context: string): KubeCluster | undefined {
    const name = this.context(context)?.cluster;
    return name === undefined ? undefined : this.#clusters.get(name);
  }
}

/** Of two entries with one name, the first counts. */
function byName<T extends { readonly name: string }>(entries: readonly T[]): ReadonlyMap<string, T> {
  return new Map(entries.toReversed().map((one) => [one.name, one]));
}
