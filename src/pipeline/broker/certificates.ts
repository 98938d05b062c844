import 'reflect-metadata'; // @peculiar/x509 does not load without it
import { KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A private certificate authority and a server certificate that it has signed, as PEM texts. */
export interface Certificates {
  readonly ca: string;
  readonly caKey: string;
  readonly server: string;
  readonly serverKey: string;
}

const dayMs = 24 * 3600_000;
const keyKind = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/**
 * Makes certificates for a server with these host names and addresses. They are valid from one day ago, because the clocks of a
 * lab's machines may differ.
 */
export async function makeCertificates(
  hosts: readonly string[],
  days: number,
  now = new Date(),
): Promise<Certificates> {
  cryptoProvider.set(webcrypto);
  const validity = {
    notBefore: new Date(now.getTime() - dayMs),
    notAfter: new Date(now.getTime() + days * dayMs),
  };
  const [caKeys, serverKeys] = [await newKeys(), await newKeys()];
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: serial(),
    name: 'CN=haf-pipeline broker authority',
    keys: caKeys,
    signingAlgorithm: keyKind,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const server = await X509CertificateGenerator.create({
    ...validity,
    serialNumber: serial(),
    subject: 'CN=haf-pipeline broker',
    issuer: ca.subject,
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: keyKind,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
    ],
  });
  return {
    ca: ended(ca.toString('pem')),
    caKey: privatePem(caKeys.privateKey),
    server: ended(server.toString('pem')),
    serverKey: privatePem(serverKeys.privateKey),
  };
}

/** Whether a certificate is valid for this host name or address. */
export function certificateCovers(pem: string, host: string): boolean {
  const certificate = new X509Certificate(pem);
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(keyKind, true, ['sign', 'verify']);

const privatePem = (key: webcrypto.CryptoKey): string =>
  KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();

/** A random serial number: 16 bytes that form a positive number. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

const ended = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);
