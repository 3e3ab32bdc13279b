import { BlockList, isIP } from 'node:net';
import { CanaryError } from './errors.ts';
import { secrets } from './secrets.ts';

/** A proxy through which an address is reached. */
export interface Proxy {
  readonly url: URL;
  /** What names it: `HTTPS_PROXY`, or `proxy-url` of a kubeconfig. */
  readonly source: string;
  /** The variable that can exclude addresses from it, as the environment spells it: `NO_PROXY`; undefined for `proxy-url`. */
  readonly exclusion: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What an address without a port has. */
const PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };
const PROTOCOLS = ['http:', 'https:', 'socks5:', 'socks5h:'];

/**
 * The proxy that the environment names for an address, by the rules of kubectl and curl: `HTTPS_PROXY` for https, `HTTP_PROXY` for
 * http, either in lower case too, and none for what `NO_PROXY` lists. This machine itself is never reached through a proxy.
 *
 * @throws CanaryError if the environment names a proxy that cannot be used
 */
export function proxyFor(target: URL, env: Environment = process.env): Proxy | undefined {
  const variable = spelled(target.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY', env);
  const exclusion = spelled('NO_PROXY', env);
  const value = (env[variable] ?? '').trim();
  const host = hostOf(target);
  if (value === '' || isLoopback(host)) return undefined;
  const excluded = (env[exclusion] ?? '')
    .split(/[\s,]+/)
    .some((entry) => covers(entry.toLowerCase(), host, portOf(target)));
  return excluded ? undefined : proxyAt(value, variable, exclusion);
}

/** The spelling of a variable that counts: lower case comes first. */
function spelled(variable: string, env: Environment): string {
  const lower = variable.toLowerCase();
  return env[lower] === undefined ? variable : lower;
}

/** @throws CanaryError that does not show the value, which may contain a password */
export function proxyAt(value: string, source: string, exclusion?: string): Proxy {
  const text = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !PROTOCOLS.includes(url.protocol))
    throw new CanaryError(
      `${source} is not the URL of a proxy; expected one such as http://proxy.example:3128, with the scheme http, https or socks5.`,
    );
  secrets.addUrl(text);
  return { url, source, exclusion };
}

/** `proxy.example:3128 (HTTPS_PROXY)`: without its user and password. */
export function nameOfProxy({ url, source }: Proxy): string {
  return `${url.host} (${source})`;
}

/** Whether a host is this machine. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    (isIP(host) !== 0 && LOOPBACK.check(host, family(host)))
  );
}

/** The host of a URL, without the brackets of an IPv6 address and without the final dot of a name. */
export function hostOf(url: URL): string {
  return url.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/(?<=.)\.$/, '')
    .toLowerCase();
}

export function portOf({ port, protocol }: URL): string {
  return port === '' ? (PORTS[protocol] ?? '') : port;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** Whether an entry of `NO_PROXY` means a host: `*`, a name and its subdomains, `.name` for those alone, an address, or a subnet. */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  if (entry.includes('/')) return isInSubnet(entry, host);
  const [name, ofPort] = splitPort(entry);
  if (ofPort !== undefined && ofPort !== port) return false;
  if (isIP(name) !== 0 || isIP(host) !== 0) return name === host;
  const domain = name.replace(/^\*?\./, '');
  return host.endsWith(`.${domain}`) || (domain === name && host === name);
}

function splitPort(entry: string): readonly [string, string | undefined] {
  if (isIP(entry) === 6) return [entry, undefined];
  const [, name = entry, port] = /^(.+):(\d+)$/.exec(entry) ?? [];
  return [name.replace(/^\[|\]$/g, ''), port];
}

function isInSubnet(entry: string, host: string): boolean {
  const [address = '', bits = ''] = entry.split('/');
  if (isIP(address) === 0 || isIP(address) !== isIP(host) || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (isIP(address) === 6 ? 128 : 32)) return false;
  const subnet = new BlockList();
  subnet.addSubnet(address, Number(bits), family(address));
  return subnet.check(host, family(host));
}
