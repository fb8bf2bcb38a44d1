import { expect, it } from 'vitest';
import { isLoopback, refusedOrigin } from '../../../src/server/origin.js';

const local = { listenHost: '127.0.0.1', allowedOrigins: ['https://ops.example'] };
const open = { listenHost: '0.0.0.0', allowedOrigins: ['https://ops.example'] };

it.each([
  { rules: local, host: 'localhost:4000', origin: undefined, because: 'a program sends no Origin' },
  { rules: local, host: 'localhost:4000', origin: 'http://localhost:4000', because: 'a page of its own' },
  { rules: local, host: '127.0.0.1:4000', origin: 'http://127.0.0.1:4000', because: 'a page of its own, by address' },
  { rules: local, host: '[::1]:4000', origin: 'http://[::1]:4000', because: 'a page of its own, by IPv6' },
  { rules: local, host: 'localhost:4000', origin: 'https://ops.example', because: 'it is on the list' },
  { rules: local, host: 'ops.example', origin: 'https://ops.example', because: 'a proxy keeps the host of the list' },
  { rules: open, host: 'gateway.example', origin: 'https://gateway.example', because: 'a page of its own, behind TLS' },
])('lets $origin at $host in: $because', ({ rules, host, origin }) => {
  expect(refusedOrigin({ host, ...(origin === undefined ? {} : { origin }) }, rules)).toBeNull();
});

it.each([
  { rules: local, host: 'localhost:4000', origin: 'http://evil.example', because: 'it is foreign' },
  { rules: local, host: 'localhost:4000', origin: 'http://localhost:4001', because: 'another port is another origin' },
  { rules: local, host: 'localhost:4000', origin: 'https://ops.example.evil', because: 'a list is exact' },
  { rules: local, host: 'localhost:4000', origin: 'http://ops.example', because: 'another scheme is another origin' },
  { rules: local, host: 'localhost:4000', origin: 'null', because: 'a sandboxed page has no origin' },
  { rules: local, host: 'evil.example:4000', origin: 'http://evil.example:4000', because: 'DNS points it at loopback' },
  { rules: local, host: 'evil.example:4000', origin: undefined, because: 'a page sends no Origin with its own GET' },
  { rules: open, host: 'gateway.example', origin: 'https://evil.example', because: 'it is foreign' },
])('keeps $origin at $host out: $because', ({ rules, host, origin }) => {
  expect(refusedOrigin({ host, ...(origin === undefined ? {} : { origin }) }, rules)).toContain('allowedOrigins');
});

it.each(['127.0.0.1', '127.8.9.10', 'localhost', 'LOCALHOST', 'app.localhost', '::1', '[::1]', '::ffff:127.0.0.1'])(
  'knows %s for loopback',
  (host) => expect(isLoopback(host)).toBe(true),
);

it.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.evil.example', 'localhost.evil.example', ''])(
  'does not take %s for loopback',
  (host) => expect(isLoopback(host)).toBe(false),
);
