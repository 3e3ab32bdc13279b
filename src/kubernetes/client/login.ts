import type { Cluster, KubeConfig, User } from '@kubernetes/client-node';
import { z } from 'zod';
import { encodeBasic } from '../../core/basic-credentials.ts';
import { messageOf } from '../../core/errors.ts';
import { parseJson } from '../../core/json.ts';
import { FILE_LIMITS, readBoundedFile } from '../../core/read-file.ts';
import { secrets } from '../../core/secrets.ts';
import { authProviderOf } from './auth-provider.ts';
import type { AuthProvider } from './auth-provider.ts';
import { clusterOf } from './contexts.ts';
import { LoginError } from './errors.ts';
import { execInfo, loginCommandOf, parseCredential } from './exec-credential.ts';
import type { Credential, ExecCluster } from './exec-credential.ts';
import { impersonationOf } from './impersonation.ts';
import type { ImpersonationHeaders } from './impersonation.ts';
import { runCommand } from './run-command.ts';

/** What a context reaches, and as whom. */
export interface Login {
  readonly cluster: Cluster;
  /** Of the cluster's certificate authority; undefined: those that Node trusts. PEM. */
  readonly authority: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that name whom the user acts as. */
  readonly impersonation: ImpersonationHeaders;
  /** PEM */
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** In ms since 1970; undefined if it is not known. */
  readonly expiresAt: number | undefined;
}

/**
 * Logs in to the server of a context, as kubectl does.
 *
 * @param now in ms since 1970
 * @throws LoginError; the signal's reason
 */
export async function logIn(
  config: KubeConfig,
  context: string,
  limitMs: number,
  signal: AbortSignal,
  now: number,
): Promise<Login> {
  const { cluster, user } = partsOf(config, context);
  const authority = contentOf('certificate-authority', cluster.caFile, cluster.caData);
  const certificate = contentOf('client-certificate', user?.certFile, user?.certData);
  const key = contentOf('client-key', user?.keyFile, user?.keyData);
  const impersonation = user === undefined ? {} : impersonationOf(user);
  if (user !== undefined) assertOneLogin(user);
  const credential =
    user === undefined ? {} : await credentialOf(user, { cluster, authority, now }, limitMs, signal);
  for (const secret of [credential.token, credential.key, key]) if (secret !== undefined) secrets.add(secret);
  const headers = {
    ...(user === undefined ? {} : basicOf(user)),
    ...(credential.token === undefined ? {} : { authorization: `Bearer ${credential.token}` }),
  };
  for (const [name, value] of Object.entries(headers)) {
    // Surrounding white space does no harm, such as the line break at the end of a token file.
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value.trim()))
      throw new LoginError(
        `its credentials cannot be sent in the header ${name}: they contain a line break, or another character that HTTP does not allow`,
      );
  }
  return {
    cluster,
    authority,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.trim()])),
    impersonation,
    certificate: credential.certificate ?? certificate,
    key: credential.key ?? key,
    expiresAt: credential.expiresAt,
  };
}

/** @throws LoginError if the action could not log in, whatever the commands and servers say */
export function assertLoginSupported(config: KubeConfig, context: string): void {
  const { user } = partsOf(config, context);
  if (user === undefined) return;
  assertOneLogin(user);
  impersonationOf(user);
  if (hasExec(user)) loginCommandOf(user.exec);
}

/** As kubectl: where a user has two logins, nobody can say with whose rights the run would act. */
function assertOneLogin(user: User): void {
  const provider = authProviderOf(user.authProvider);
  if (provider !== undefined && hasExec(user))
    throw new LoginError('its user has both exec and auth-provider');
  const hasToken = Boolean(user.token) || withTokenFile.parse(user).tokenFile !== undefined;
  if (hasToken && (user.username || user.password))
    throw new LoginError('its user has both a token and a user name or password');
  if ((user.certData || user.certFile) && !hasCertificate(user))
    throw new LoginError('its user has a client certificate without client-key or client-key-data');
}

function partsOf(
  config: KubeConfig,
  context: string,
): { readonly cluster: Cluster; readonly user: User | undefined } {
  const found = config.getContextObject(context);
  const cluster = clusterOf(config, context);
  if (found === null || cluster === undefined) throw new LoginError('its cluster is not in the kubeconfig');
  if (!URL.canParse(cluster.server)) throw new LoginError('its server is not a URL');
  const { username, password } = new URL(cluster.server);
  if (username !== '' || password !== '')
    throw new LoginError('its server URL contains a user, which belongs in an entry under users');
  // A context may do without a user.
  if (!found.user) return { cluster, user: undefined };
  const user = config.getUser(found.user);
  if (user === null) throw new LoginError(`its user ${found.user} is not in the kubeconfig`);
  return { cluster, user };
}

const hasExec = ({ exec }: User): boolean => exec !== undefined && exec !== null;

function basicOf({ username, password }: User): Readonly<Record<string, string>> {
  return username ? { authorization: `Basic ${encodeBasic(username, password ?? '')}` } : {};
}

/** The order of kubectl: what the kubeconfig itself has counts more than what a provider or a command would yield. */
async function credentialOf(
  user: User,
  { cluster, authority, now }: Pick<Login, 'cluster' | 'authority'> & { readonly now: number },
  limitMs: number,
  signal: AbortSignal,
): Promise<Credential> {
  const token = tokenOf(user);
  if (token !== undefined) return { token };
  if (user.username) return {};
  const provider = authProviderOf(user.authProvider);
  if (provider !== undefined) return { token: oidcToken(provider, now) };
  if (!hasExec(user) || hasCertificate(user)) return {};
  const login = loginCommandOf(user.exec);
  const info = execInfo(login, execClusterOf(cluster, authority));
  const env = { ...process.env, ...login.env, KUBERNETES_EXEC_INFO: info };
  return parseCredential(login, await runCommand(login, env, limitMs, signal));
}

const withTokenFile = z.object({ tokenFile: z.string().optional() });

/** The token of the kubeconfig: a file counts more, as long as it can be read. */
function tokenOf(user: User): string | undefined {
  const { tokenFile: path } = withTokenFile.parse(user);
  if (path === undefined) return user.token === '' ? undefined : user.token;
  try {
    const token = readCredentialFile('tokenFile', path).trim();
    if (token === '') throw new LoginError(`its tokenFile ${path} is empty`);
    return token;
  } catch (error) {
    if (user.token) return user.token;
    throw error;
  }
}

function hasCertificate({ certData, certFile, keyData, keyFile }: User): boolean {
  return (Boolean(certData) || Boolean(certFile)) && (Boolean(keyData) || Boolean(keyFile));
}

const withExecConfig = z.object({ execConfig: z.unknown() });

function execClusterOf(cluster: Cluster, authority: string | undefined): ExecCluster {
  const { server, tlsServerName, skipTLSVerify, proxyUrl } = cluster;
  const config = withExecConfig.safeParse(cluster).data?.execConfig;
  return {
    server,
    ...(tlsServerName === undefined ? {} : { 'tls-server-name': tlsServerName }),
    ...(skipTLSVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(authority === undefined
      ? {}
      : { 'certificate-authority-data': Buffer.from(authority, 'utf8').toString('base64') }),
    ...(proxyUrl === undefined ? {} : { 'proxy-url': proxyUrl }),
    ...(config === undefined ? {} : { config }),
  };
}

const claims = z.object({ exp: z.number() });

/** The id-token while it is valid. It is not renewed: the library cannot (seen in version 2.0.1). */
function oidcToken({ settings }: AuthProvider, now: number): string {
  const token = settings['id-token'] ?? '';
  const [, payload = ''] = token.split('.');
  const { data } = claims.safeParse(parseJson(Buffer.from(payload, 'base64url').toString('utf8')));
  if (data !== undefined && data.exp * 1_000 > now) return token;
  throw new LoginError(
    'its auth-provider oidc has no id-token that is still valid, and this action does not renew it',
    {
      remedy: 'Renew it in an earlier step, or use a login command (exec) instead',
    },
  );
}

/** Data in the kubeconfig counts more than a file, as with kubectl. */
function contentOf(what: string, file: string | undefined, data: string | undefined): string | undefined {
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  return file ? readCredentialFile(what, file) : undefined;
}

function readCredentialFile(what: string, path: string): string {
  try {
    return readBoundedFile(path, FILE_LIMITS.credential);
  } catch (error) {
    throw new LoginError(`its ${what} ${path} ${messageOf(error)}`, { cause: error });
  }
}
