const UNKNOWN_AUTHORITY = 'its certificate is signed by an authority that is not trusted; see tls.caFile';
const NOT_TLS = 'it does not speak TLS there; is url http rather than https?';
const WANTED = 'it wants a certificate from us; see tls.certFile';
const OURS = 'it does not accept our certificate; see tls.certFile and tls.keyFile';

/** @see https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const PROBLEMS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'its certificate, or one of those that it is signed with, has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet; does the clock agree?'],
  ['CERT_REVOKED', 'its certificate was revoked'],
  ['CERT_UNTRUSTED', UNKNOWN_AUTHORITY],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNKNOWN_AUTHORITY],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_GET_ISSUER_CERT', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN_AUTHORITY],
  ['CERT_SIGNATURE_FAILURE', UNKNOWN_AUTHORITY],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name than that of url; see tls.serverName'],
  ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', 'tls.keyFile is not the key of tls.certFile'],
]);

/** By what OpenSSL says, which Node makes a code of only when the handshake is over. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/wrong version number|packet length too long/, NOT_TLS],
  [/alert certificate required/, WANTED],
  [/alert (?:bad certificate|certificate \w+|unknown ca|unsupported certificate)/, OURS],
];

/** What is wrong with a certificate, ours or the source's, by the error of the connection; null when it is about none. */
export function tlsProblem(code: string, message: string): string | null {
  const known = PROBLEMS.get(code);
  if (known !== undefined) return known;
  if (code !== 'EPROTO' && !code.startsWith('ERR_SSL_')) return null;
  return WORDS.find(([words]) => words.test(message))?.[1] ?? null;
}
