/** User and password of a URL, decoded; empty where it has none. */
export function credentialsOf({ username, password }: URL): readonly [string, string] {
  return [decoded(username), decoded(password)];
}

/** What the scheme `Basic` sends (RFC 7617). */
export function encodeBasic(user: string, password: string): string {
  return Buffer.from(`${user}:${password}`, 'utf8').toString('base64');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
