import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate and its private key, both PEM. */
export interface Certified {
  readonly certificate: string;
  readonly key: string;
}

/** Who a certificate is for. */
interface Subject {
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
  readonly uri?: readonly string[];
}

/** The one certificate authority that all clusters of a mesh trust. */
export class Authority {
  readonly #certificate: x509.X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #keyPem: string;

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair, keyPem: string) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.#keyPem = keyPem;
  }

  static async create(): Promise<Authority> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...validity(),
      name: 'O=multicluster-canary test fleet, CN=root',
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new Authority(certificate, keys, await pemOf(keys.privateKey));
  }

  /** The authority's own certificate, PEM. */
  get root(): string {
    return `${this.#certificate.toString('pem')}\n`;
  }

  /** The authority's own private key, PEM: istiod signs with it too. */
  get rootKey(): string {
    return this.#keyPem;
  }

  /** A certificate for a server and client, valid for some days. */
  async issue({ dns = [], ip = [], uri = [] }: Subject): Promise<Certified> {
    const keys = await newKeys();
    const names = [
      ...dns.map((value) => ({ type: 'dns', value }) as const),
      ...ip.map((value) => ({ type: 'ip', value }) as const),
      ...uri.map((value) => ({ type: 'url', value }) as const),
    ];
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity(),
      subject: 'O=multicluster-canary test fleet',
      issuer: this.#certificate.subject,
      signingKey: this.#keys.privateKey,
      publicKey: keys.publicKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
          true,
        ),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        new x509.SubjectAlternativeNameExtension(names),
        await x509.AuthorityKeyIdentifierExtension.create(this.#certificate),
      ],
    });
    return { certificate: `${certificate.toString('pem')}\n${this.root}`, key: await pemOf(keys.privateKey) };
  }
}

/** The name of a workload in its certificate: https://istio.io/latest/docs/concepts/security/#istio-identity. */
export function meshIdentity(namespace: string, serviceAccount: string): string {
  return `spiffe://cluster.local/ns/${namespace}/sa/${serviceAccount}`;
}

function validity(): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return {
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + 7 * DAY_MS),
  };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}
