interface Redirecting {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly url: string;
}

/** The scheme and host that a response redirects to, since the path may contain a token; undefined if it does not redirect. */
export function redirectTarget({ status, headers, url }: Redirecting): string | undefined {
  const location = headers.get('location');
  if (status < 300 || status >= 400 || location === null) return undefined;
  return URL.canParse(location, url) ? new URL(location, url).origin : 'an address that is not a URL';
}
