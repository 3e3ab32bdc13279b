import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import type { Cluster, User } from '@kubernetes/client-node';
import { z } from 'zod';
import { encodeBasic } from '../../core/basic-credentials.ts';
import { messageOf } from '../../core/errors.ts';
import { FILE_LIMITS, readBoundedFile } from '../../core/read-file.ts';
import { secrets } from '../../core/secrets.ts';
import { OIDC, authProviderOf } from './auth-provider.ts';
import type { AuthProvider } from './auth-provider.ts';
import { clusterOf } from './contexts.ts';
import { LoginError } from './errors.ts';
import { execInfo, loginCommandOf, parseCredential } from './exec-credential.ts';
import type { Credential, ExecCluster } from './exec-credential.ts';
import { impersonationOf } from './impersonation.ts';
import type { ImpersonationHeaders } from './impersonation.ts';
import { runCommand } from './run-command.ts';

const LONGEST_REASON = 1_000;

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
 * @throws LoginError; the signal's reason
 */
export async function logIn(
  config: KubeConfig,
  context: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<Login> {
  const { cluster, user } = partsOf(config, context);
  const authority = contentOf('certificate-authority', cluster.caFile, cluster.caData);
  const certificate = contentOf('client-certificate', user?.certFile, user?.certData);
  const key = contentOf('client-key', user?.keyFile, user?.keyData);
  const impersonation = user === undefined ? {} : impersonationOf(user);
  if (user !== undefined) assertOneLogin(user);
  const credential =
    user === undefined ? {} : await credentialOf(user, { cluster, authority }, limitMs, signal);
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
  { cluster, authority }: Pick<Login, 'cluster' | 'authority'>,
  limitMs: number,
  signal: AbortSignal,
): Promise<Credential> {
  const token = tokenOf(user);
  if (token !== undefined) return { token };
  if (user.username) return {};
  const provider = authProviderOf(user.authProvider);
  if (provider !== undefined) return { token: await oidcToken(provider) };
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

/** What the library needs to renew an id-token. It would take other settings for another kind of login. */
const OIDC_SETTINGS = [
  'client-id',
  'client-secret',
  'id-token',
  'refresh-token',
  'idp-issuer-url',
  'idp-certificate-authority',
  'idp-certificate-authority-data',
];
const bearer = z.templateLiteral(['Bearer ', z.string().min(1)]);
/** The settings of a provider after its last renewal: an issuer may take a refresh-token only once. */
const renewed = new WeakMap<AuthProvider['source'], Readonly<Record<string, string>>>();

/** The id-token while it is valid; else a new one, by the refresh-token. The library runs no command for it. */
async function oidcToken({ settings, source }: AuthProvider): Promise<string> {
  const known = { ...settings, ...renewed.get(source) };
  const own = Object.fromEntries(Object.entries(known).filter(([name]) => OIDC_SETTINGS.includes(name)));
  const server = 'https://unused.invalid';
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: OIDC, server, skipTLSVerify: false },
    { name: OIDC, authProvider: { name: OIDC, config: own } },
  );
  const context = new RequestContext(server, HttpMethod.GET);
  try {
    // Changes the settings that it is given.
    await config.applySecurityAuthentication(context);
  } catch (error) {
    const why = secrets.redact(messageOf(error)).slice(0, LONGEST_REASON);
    throw new LoginError(`its auth-provider oidc got no new id-token: ${why}`, { cause: error });
  }
  renewed.set(source, own);
  for (const name of ['id-token', 'refresh-token']) if (own[name]) secrets.add(own[name]);
  const { data } = bearer.safeParse(context.getHeaders()['Authorization']);
  if (data === undefined)
    throw new LoginError(
      'its auth-provider oidc has no id-token that is still valid, and not all of client-id, idp-issuer-url and refresh-token to get a new one',
    );
  return data.slice('Bearer '.length);
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
