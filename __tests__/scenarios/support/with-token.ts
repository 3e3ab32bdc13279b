import { dump, load } from 'js-yaml';

interface Users {
  readonly users: readonly { readonly name: string; readonly user: object }[];
}

/** The kubeconfig with another token for one cluster. */
export function withToken(kubeconfig: string, cluster: string, token: string): string {
  const config = load(kubeconfig) as Users & {
    readonly contexts: readonly { readonly name: string; readonly context: { readonly user: string } }[];
  };
  const own = config.contexts.find(({ name }) => name === cluster)?.context ?? { user: '' };
  const user = `${own.user}-of-${cluster}`;
  const contexts = config.contexts.map((one) =>
    one.name === cluster ? { ...one, context: { ...one.context, user } } : one,
  );
  return dump({ ...config, contexts, users: [...config.users, { name: user, user: { token } }] });
}
