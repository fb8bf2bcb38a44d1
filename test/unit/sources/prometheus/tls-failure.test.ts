import { expect, it } from 'vitest';
import { tlsProblem } from '../../../../src/sources/prometheus/tls-failure.js';

it.each([
  ['EPROTO', 'write EPROTO 10:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca', /accept our/],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'ssl3_read_bytes:sslv3 alert certificate expired', /accept our/],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tlsv13 alert certificate required', /wants a certificate from us/],
  ['CERT_NOT_YET_VALID', 'certificate is not yet valid', /does the clock agree/],
])('says of %s (%s) what to look at', (code, message, said) => {
  expect(tlsProblem(code, message)).toMatch(said);
});

it.each([
  ['', ''],
  ['ECONNRESET', 'socket hang up'],
  ['EPROTO', 'sslv3 alert handshake failure'],
])('takes %j for no problem of a certificate', (code, message) => {
  expect(tlsProblem(code, message)).toBeNull();
});
