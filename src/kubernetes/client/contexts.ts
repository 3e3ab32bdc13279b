import { isDeepStrictEqual } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import type { Cluster } from '@kubernetes/client-node';

/** The kubeconfig of one file. */
export interface ConfigFile {
  readonly path: string;
  readonly config: KubeConfig;
}

/** A kubeconfig of one or several files, and the context names that mean different things in several of them. */
export type MergedConfig = KubeConfig & { readonly clashes: ReadonlyMap<string, readonly string[]> };

/**
 * Merges several files. A context refers to the cluster and the user of its own file, or to those of the first file that has
 * them. kubectl always uses the first file, so that a context `west` may reach another file's cluster `default`
 * (kubernetes#46381). Of two contexts with one name, the first counts.
 */
export function mergeFiles(files: readonly ConfigFile[]): MergedConfig {
  const taken = { clusters: new Set<string>(), users: new Set<string>() };
  const own = files.map(({ path, config }) => {
    const rename = (
      kind: 'clusters' | 'users',
      entries: readonly { readonly name: string }[],
    ): Map<string, string> => {
      const names = entries.map(
        ({ name }) => [name, taken[kind].has(name) ? `${name} (${path})` : name] as const,
      );
      for (const [, name] of names) taken[kind].add(name);
      return new Map(names);
    };
    const clusters = rename('clusters', config.getClusters());
    const users = rename('users', config.getUsers());
    return {
      path,
      clusters: config.getClusters().map((one) => ({ ...one, name: clusters.get(one.name) ?? one.name })),
      users: config.getUsers().map((one) => ({ ...one, name: users.get(one.name) ?? one.name })),
      contexts: config.getContexts().map((one) => ({
        ...one,
        cluster: clusters.get(one.cluster) ?? one.cluster,
        user: users.get(one.user) ?? one.user,
      })),
    };
  });
  const all = { clusters: own.flatMap(({ clusters }) => clusters), users: own.flatMap(({ users }) => users) };
  const byName = Map.groupBy(
    own.flatMap(({ path, contexts }) => contexts.map((context) => ({ path, context }))),
    ({ context }) => context.name,
  );
  const meaning = ({
    cluster,
    user,
    namespace,
  }: {
    cluster: string;
    user: string;
    namespace?: string;
  }): unknown => {
    const { name: _cluster, ...server } = all.clusters.find(({ name }) => name === cluster) ?? {
      name: cluster,
    };
    const { name: _user, ...login } = all.users.find(({ name }) => name === user) ?? { name: user };
    return { server, login, namespace };
  };
  const clashes = new Map(
    [...byName].flatMap(([name, [first, ...others]]) => {
      const differing = others.filter(
        ({ context }) => first !== undefined && !isDeepStrictEqual(meaning(context), meaning(first.context)),
      );
      return first === undefined || differing.length === 0
        ? []
        : [[name, [first, ...differing].map(({ path }) => path)] as const];
    }),
  );
  const config = new KubeConfig();
  config.loadFromOptions({
    ...all,
    contexts: [...byName.values()].flatMap(([first]) => (first === undefined ? [] : [first.context])),
    currentContext: files.map((file) => file.config.getCurrentContext()).find((name) => name !== '') ?? '',
  });
  return Object.assign(config, { clashes });
}

/**
 * What a context reaches, as far as the kubeconfig shows: its server, and the proxy to it. Undefined if it names none.
 */
export function serverOf(config: KubeConfig, context: string): string | undefined {
  const cluster = clusterOf(config, context);
  if (cluster === undefined || !URL.canParse(cluster.server)) return undefined;
  const { protocol, host, pathname } = new URL(cluster.server);
  const proxy =
    cluster.proxyUrl !== undefined && URL.canParse(cluster.proxyUrl) ? new URL(cluster.proxyUrl).host : '';
  return `${protocol}//${host}${pathname.replace(/\/+$/, '')}${proxy === '' ? '' : ` through ${proxy}`}`;
}

/** The cluster entry that a context refers to; undefined where the kubeconfig has none. */
export function clusterOf(config: KubeConfig, context: string): Cluster | undefined {
  const found = config.getContextObject(context);
  return (found === null ? null : config.getCluster(found.cluster)) ?? undefined;
}
