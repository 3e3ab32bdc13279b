import { existsSync } from 'node:fs';
import type { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { isSecretSetting } from '../../core/secret-names.ts';
import type { Redactor } from '../../core/redactor.ts';

/** Adds everything secret in a kubeconfig. Names of contexts and addresses of servers stay visible. */
export function addCredentials(config: KubeConfig, redactor: Redactor): void {
  redactor.allow(config.getContexts().map(({ name }) => name));
  for (const { server, proxyUrl } of config.getClusters()) {
    if (URL.canParse(server)) redactor.allow([new URL(server).host]);
    redactor.addUrl(server);
    if (proxyUrl !== undefined) redactor.addUrl(proxyUrl);
  }
  for (const { token, username = '', password, keyData, certData, authProvider, exec } of config.getUsers()) {
    if (token) redactor.add(token);
    if (password) redactor.addBasic(username, password);
    if (keyData) {
      redactor.add(keyData);
      redactor.add(Buffer.from(keyData, 'base64').toString('utf8'));
    }
    // Certificates have much in common with those of authorities, which are public.
    if (certData) redactor.add(certData, 'whole');
    for (const [name, value] of settingsOf(authProvider, exec))
      if (isSecretSetting(name, value) && !existsSync(value)) redactor.add(value);
  }
}

const providerConfig = z.object({ config: z.record(z.string(), z.unknown()) });
const execEnv = z.object({ env: z.array(z.object({ name: z.string(), value: z.string() })) });
const execArgs = z.object({ args: z.array(z.string()) });

/** The settings of an auth provider or a login command, as name and value. */
function settingsOf(provider: unknown, exec: unknown): readonly (readonly [string, string])[] {
  const config = providerConfig.safeParse(provider).data?.config ?? {};
  const env = execEnv.safeParse(exec).data?.env ?? [];
  const args = execArgs.safeParse(exec).data?.args ?? [];
  return [
    ...Object.entries(config).map(([name, value]) => [name, String(value)] as const),
    ...env.map(({ name, value }) => [name, value] as const),
    // `--client-secret=value`, or the value as the next argument.
    ...args.flatMap((arg, i) => {
      const [, name, value = args[i + 1]] = /^(--?[^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
      return name === undefined || value === undefined || value.startsWith('--')
        ? []
        : [[name, value] as const];
    }),
  ];
}
