import { z } from 'zod';
import { parseJson } from '../../core/json.ts';
import { worded } from '../../core/wording.ts';
import { LoginError } from './errors.ts';

// Login commands as client-go runs them: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins

const GROUP = 'client.authentication.k8s.io';
/** What kubectl supports since 1.24. */
const API_VERSIONS = [`${GROUP}/v1`, `${GROUP}/v1beta1`];

const pairs = z.array(z.object({ name: z.string(), value: z.string() }));
const execSchema = z.object({
  apiVersion: z.string(),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: pairs.nullish(),
  installHint: z.string().nullish(),
  interactiveMode: z.enum(['Never', 'IfAvailable', 'Always']).nullish(),
  provideClusterInfo: z.boolean().nullish(),
});

/** The login command of a kubeconfig user. */
export interface LoginCommand {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** How to install the command; empty if the kubeconfig does not say. */
  readonly installHint: string;
  /** Whether the command gets to know the cluster. */
  readonly wantsCluster: boolean;
}

/** The cluster as a login command sees it (`spec.cluster`). */
export interface ExecCluster {
  readonly server: string;
  readonly 'tls-server-name'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'certificate-authority-data'?: string;
  readonly 'proxy-url'?: string;
  /** The extension `client.authentication.k8s.io/exec` of the cluster. */
  readonly config?: unknown;
}

/** What a login yields. */
export interface Credential {
  readonly token?: string | undefined;
  /** PEM */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** In ms since 1970; undefined if it is not known. */
  readonly expiresAt?: number | undefined;
}

/** @throws LoginError if the action cannot run this command, or kubectl would not */
export function loginCommandOf(exec: unknown): LoginCommand {
  const { data, error } = execSchema.safeParse(exec);
  if (data === undefined)
    throw new LoginError(`its login command (exec) is not valid: ${error.issues.map(placed).join('; ')}`);
  const { apiVersion, command, args, env, installHint, interactiveMode, provideClusterInfo } = data;
  if (!API_VERSIONS.includes(apiVersion))
    throw new LoginError(
      `its login command ${command} (exec) has the apiVersion ${apiVersion}, which kubectl does not support since 1.24; expected ${API_VERSIONS.join(' or ')}`,
      { remedy: 'Write the kubeconfig again with a current version of the tool that made it' },
    );
  if (interactiveMode === 'Always')
    throw new LoginError(
      `its login command ${command} (exec) needs a terminal (interactiveMode: Always), which ${worded({ step: 'a job does not have', command: 'it does not get here' })}`,
      { remedy: 'Use a login that works without a person, such as the token of a ServiceAccount' },
    );
  return {
    apiVersion,
    command,
    args: args ?? [],
    env: Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
    installHint: installHint?.trim() ?? '',
    wantsCluster: provideClusterInfo === true,
  };
}

/** The path of an issue and its message, without the value, which may be secret. */
function placed({ path, message }: z.core.$ZodIssue): string {
  return `${path.map(String).join('.') || 'exec'}: ${message.replace(/^Invalid (input|option): /, '')}`;
}

/** The value of `KUBERNETES_EXEC_INFO`. */
export function execInfo({ apiVersion, wantsCluster }: LoginCommand, cluster: ExecCluster): string {
  const spec = { interactive: false, ...(wantsCluster ? { cluster } : {}) };
  return JSON.stringify({ kind: 'ExecCredential', apiVersion, spec });
}

const credentialSchema = z.object({
  apiVersion: z.string(),
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: z.string().nullish(),
    clientCertificateData: z.string().nullish(),
    clientKeyData: z.string().nullish(),
    expirationTimestamp: z.string().nullish(),
  }),
});

/**
 * The credential that a login command printed.
 *
 * @throws LoginError whose message does not quote it
 */
export function parseCredential({ command, apiVersion }: LoginCommand, printed: string): Credential {
  const wrong = (problem: string): LoginError =>
    new LoginError(`its login command ${command} (exec) ${problem}`);
  const { data } = credentialSchema.safeParse(parseJson(printed));
  if (data === undefined) throw wrong('did not print the JSON of an ExecCredential');
  if (data.apiVersion !== apiVersion)
    throw wrong(`printed an ExecCredential of another apiVersion; the kubeconfig asks for ${apiVersion}`);
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = data.status;
  const [hasCertificate, hasKey] = [Boolean(clientCertificateData), Boolean(clientKeyData)];
  if (hasCertificate !== hasKey)
    throw wrong(`printed a ${hasKey ? 'key without its certificate' : 'certificate without its key'}`);
  if (!token && !hasCertificate) throw wrong('printed neither a token nor a certificate');
  const expiresAt = Date.parse(expirationTimestamp ?? '');
  return {
    token: token === '' ? undefined : (token ?? undefined),
    certificate: hasCertificate ? (clientCertificateData ?? undefined) : undefined,
    key: hasKey ? (clientKeyData ?? undefined) : undefined,
    expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt,
  };
}
