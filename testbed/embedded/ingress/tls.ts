import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Credential, FilterChain, Listener } from './config.ts';
import { covers } from '../hosts.ts';

/** The chain of a TLS listener for the name that the client asked for, if it serves that name. */
export function chainFor(listener: Listener, serverName: string | undefined): FilterChain | undefined {
  return listener.chains.find(({ serverNames }) =>
    serverNames.some(
      (pattern) => pattern === '*' || (serverName !== undefined && covers(pattern, serverName)),
    ),
  );
}

/** The certificate for a name; `undefined` if there is none, so that the handshake fails as in Envoy. */
export function selectContext(
  listener: Listener | undefined,
  serverName: string | undefined,
): SecureContext | undefined {
  const chain = listener === undefined ? undefined : chainFor(listener, serverName);
  const pem = chain?.credential === undefined ? undefined : read(chain.credential);
  return pem === undefined ? undefined : contextOf(pem);
}

/** The certificate for clients that name no server. */
export function defaultCertificate(listener: Listener | undefined): { cert?: string; key?: string } {
  const chain = listener === undefined ? undefined : chainFor(listener, undefined);
  const pem = chain?.credential === undefined ? undefined : read(chain.credential);
  return pem === undefined ? {} : { cert: pem.certificate, key: pem.key };
}

interface Pem {
  readonly certificate: string;
  readonly key: string;
}

function read(credential: Credential): Pem | undefined {
  if ('certificate' in credential) return credential;
  try {
    return {
      certificate: readFileSync(credential.certificateFile, 'utf8'),
      key: readFileSync(credential.keyFile, 'utf8'),
    };
  } catch {
    return undefined;
  }
}

const contexts = new Map<string, SecureContext>();

function contextOf({ certificate, key }: Pem): SecureContext | undefined {
  const known = contexts.get(certificate);
  if (known !== undefined) return known;
  try {
    const context = createSecureContext({ cert: certificate, key });
    contexts.set(certificate, context);
    return context;
  } catch {
    return undefined;
  }
}
