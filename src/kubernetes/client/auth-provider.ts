import { thisMachine } from '../../core/wording.ts';
import { z } from 'zod';
import { LoginError } from './errors.ts';

/** The one legacy provider that kubectl still has. It runs no command. */
const OIDC = 'oidc';

const providerSchema = z.object({ name: z.string(), config: z.record(z.string(), z.unknown()).nullish() });

export interface AuthProvider {
  /** Those of its settings that are texts: no other is used, least of all a command. */
  readonly settings: Readonly<Record<string, string>>;
}

/** What replaces the providers that kubectl 1.26 removed (https://github.com/kubernetes/kubernetes/pull/112341). */
const REPLACEMENTS: Readonly<Record<string, () => string>> = {
  gcp: () =>
    `Install gke-gcloud-auth-plugin on ${thisMachine()}, and write the kubeconfig again with "gcloud container clusters get-credentials"`,
  azure: () =>
    `Install kubelogin on ${thisMachine()}, and convert the kubeconfig with "kubelogin convert-kubeconfig"`,
};

/**
 * The `auth-provider` of a kubeconfig user; undefined if there is none.
 *
 * @throws LoginError for a provider that kubectl no longer has: those of GKE and AKS ran a command of the kubeconfig in a shell
 */
export function authProviderOf(provider: unknown): AuthProvider | undefined {
  if (provider === undefined || provider === null) return undefined;
  const { data } = providerSchema.safeParse(provider);
  if (data === undefined) throw new LoginError('its auth-provider has no name');
  const { name, config } = data;
  if (name !== OIDC)
    throw new LoginError(`its auth-provider ${name} is not supported, as with kubectl since 1.26`, {
      remedy: REPLACEMENTS[name]?.() ?? 'Use a login command (exec), a token or a client certificate instead',
    });
  const settings = Object.entries(config ?? {}).flatMap(([key, value]) =>
    typeof value === 'string' ? [[key, value] as const] : [],
  );
  return { settings: Object.fromEntries(settings) };
}
