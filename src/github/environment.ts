import { existsSync } from 'node:fs';
import { isSecretSetting } from '../core/secret-names.ts';
import type { Redactor } from '../core/redactor.ts';

/**
 * Variables with secrets that no login command needs. ACTIONS_ID_TOKEN_REQUEST_TOKEN stays: the logins of AWS and Azure use it to prove which
 * job they run in.
 */
const UNNEEDED = ['ACTIONS_RUNTIME_TOKEN'];

/** The text of an input; empty if it is not given. */
export type InputText = (name: string) => string;

/**
 * Takes the inputs out of the environment, so that no login command inherits the kubeconfig or a token. What stays, and is secret, is
 * redacted from now on.
 */
export function takeInputs(redactor: Redactor, env: NodeJS.ProcessEnv = process.env): InputText {
  hideSecrets(env, redactor);
  const inputs = new Map(Object.entries(env).filter(([name]) => name.startsWith('INPUT_')));
  for (const name of [...inputs.keys(), ...UNNEEDED]) Reflect.deleteProperty(env, name);
  return (name) => inputs.get(`INPUT_${name.toUpperCase()}`)?.trim() ?? '';
}

/** A login command inherits the environment, and may print it. */
function hideSecrets(env: NodeJS.ProcessEnv, redactor: Redactor): void {
  for (const [name, value = ''] of Object.entries(env)) {
    // Inputs have rules of their own.
    if (name.startsWith('INPUT_')) continue;
    // HTTPS_PROXY, DATABASE_URL
    redactor.addUrl(value);
    // GOOGLE_APPLICATION_CREDENTIALS names a file.
    if (isSecretSetting(name, value) && !existsSync(value)) redactor.hide(value);
  }
}
