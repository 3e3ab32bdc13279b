const SECRET =
  /token|secret|pass(?:w|phrase|code|$)|pwd|credential|assertion|jwt|connection.?string|(?:^|[^a-z])(?:auth|dsn)(?:[^a-z]|$)/i;
const KEY = /key/i;
/** Keys that only find or order something: `CACHE_KEY`. */
const PUBLIC_KEY =
  /(?:^|[^a-z])(?:cache|public|primary|foreign|partition|sort|group|object|index)[^a-z]?key/i;
/** What only says where a secret is. */
const PLACE = /(?:file|path|dir|url|uri|endpoint|name|sock)$/i;
/** `v2`, `1.4.0-rc.1`, `2026-11-27` */
const VERSION = /^v?\d{1,8}(?:[.-][a-z0-9]{1,8}){0,4}$/i;

/** Whether a setting has a secret as its value: `--client-secret`, `AWS_SESSION_TOKEN`, or `API_KEY` unless it is but a version. */
export function isSecretSetting(name: string, value: string): boolean {
  if (PLACE.test(name)) return false;
  return SECRET.test(name) || (KEY.test(name) && !PUBLIC_KEY.test(name) && !VERSION.test(value.trim()));
}

/** Whether the value of a request header is a credential. */
export function isSecretHeader(name: string): boolean {
  return (
    /auth|cookie|session|signature/i.test(name) ||
    ((SECRET.test(name) || KEY.test(name)) && !PLACE.test(name))
  );
}
