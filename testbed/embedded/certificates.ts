import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type JsonGeneralNames,
} from '@peculiar/x509';

/** A certificate and its private key, both PEM. The certificate is followed by that of its issuer. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

export interface FleetCertificates {
  /** PEM of the authority that issued the others. */
  readonly authority: string;
  /** For the API servers on the loopback interface. */
  readonly api: Certificate;
  /** For `*.example.com`, the hosts of HTTPS ingresses. */
  readonly ingress: Certificate;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Creates an authority for this fleet only, and the certificates of its servers, valid for a few days. */
export async function makeCertificates(): Promise<FleetCertificates> {
  cryptoProvider.set(webcrypto);
  const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + 7 * DAY_MS) };
  const authorityKeys = await newKeys();
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: '01',
    name: 'CN=embedded-fleet-ca',
    keys: authorityKeys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const authorityPem = `${authority.toString('pem')}\n`;

  const issue = async (serialNumber: string, name: string, names: JsonGeneralNames): Promise<Certificate> => {
    const keys = await newKeys();
    const issued = await X509CertificateGenerator.create({
      ...validity,
      serialNumber,
      subject: `CN=${name}`,
      issuer: authority.subject,
      publicKey: keys.publicKey,
      signingKey: authorityKeys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names),
      ],
    });
    const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
    return { certificate: `${issued.toString('pem')}\n${authorityPem}`, key: key.toString() };
  };
  const [api, ingress] = await Promise.all([
    issue('02', 'kubernetes', [
      { type: 'ip', value: '127.0.0.1' },
      { type: 'dns', value: 'localhost' },
    ]),
    issue('03', '*.example.com', [
      { type: 'dns', value: '*.example.com' },
      { type: 'dns', value: 'example.com' },
    ]),
  ]);
  return { authority: authorityPem, api, ingress };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}
