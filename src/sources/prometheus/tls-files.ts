import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { named, type TlsFiles } from './access.js';
import { rereadFile } from './reread-file.js';

/** What a connection is secured with. node:https keeps connections that differ in any of it apart. */
export interface TlsSettings {
  readonly options: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;
  /** What of our own files has run out at a time, in words; null while nothing has. */
  expired(atMs: number): string | null;
}

interface Certificates {
  readonly text: string;
  /** When the first of them runs out, in milliseconds. */
  readonly untilMs: number;
}

/** @returns a reader that throws AccessFileError */
export function tlsReader(tls: TlsFiles | undefined): () => Promise<TlsSettings> {
  const ca = certificatesReader('tls.caFile', tls?.caFile ?? null);
  const cert = certificatesReader('tls.certFile', tls?.certFile ?? null);
  const key = reader('tls.keyFile', tls?.keyFile ?? null, privateKey);
  const { serverName = null, insecureSkipVerify = false } = tls ?? {};
  return async () => {
    const [authorities, own, secret] = await Promise.all([ca(), cert(), key()]);
    return {
      options: {
        ...(authorities === null ? {} : { ca: authorities.text }),
        ...(own === null ? {} : { cert: own.text }),
        ...(secret === null ? {} : { key: secret }),
        ...(serverName === null ? {} : { servername: serverName }),
        ...(insecureSkipVerify ? { rejectUnauthorized: false } : {}),
      },
      expired: (atMs) => told('tls.caFile', authorities, atMs) ?? told('tls.certFile', own, atMs),
    };
  };
}

function told(setting: string, certificates: Certificates | null, atMs: number): string | null {
  if (certificates === null || atMs <= certificates.untilMs) return null;
  return `a certificate of ${setting} expired on ${new Date(certificates.untilMs).toISOString().slice(0, 10)}`;
}

function certificatesReader(setting: string, file: string | null): () => Promise<Certificates | null> {
  return reader(setting, file, certificatesOf);
}

function reader<T>(setting: string, file: string | null, parse: (text: string) => T): () => Promise<T | null> {
  if (file === null) return async () => null;
  const read = rereadFile(file, parse);
  return () => named(setting, read);
}

/** OpenSSL skips what it cannot read, and then trusts nobody without saying why. */
function certificatesOf(text: string): Certificates {
  const found = text.match(/-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END \1?CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw new Error('it holds no PEM certificate');
  const ends = found.map((pem) => {
    try {
      return Date.parse(new X509Certificate(pem).validTo);
    } catch {
      throw new Error('it holds a certificate that cannot be read');
    }
  });
  return { text, untilMs: Math.min(...ends) };
}

function privateKey(text: string): string {
  if (!/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/.test(text)) throw new Error('it holds no PEM private key');
  // Without this node:tls would ask for the passphrase of such a key, and say that it was interrupted.
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw new Error('its private key is encrypted; give one without a passphrase (`openssl pkey` writes it)');
  }
  try {
    createPrivateKey(text);
  } catch {
    throw new Error('it holds a private key that cannot be read');
  }
  return text;
}
