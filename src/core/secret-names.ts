const SECRET = /token|secret|pass(?:w|phrase|code|$)|pwd|credential|assertion|jwt|key/i;
/** What only says where a secret is. */
const PLACE = /(?:file|path|dir|url|uri|endpoint|name)$/i;

/** Whether a setting with this name has a secret as its value: `--client-secret`, `AWS_SESSION_TOKEN`. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name) && !PLACE.test(name);
}

/** Whether the value of a request header is a credential. */
export function isSecretHeader(name: string): boolean {
  return /auth|cookie|session|signature/i.test(name) || isSecretName(name);
}
