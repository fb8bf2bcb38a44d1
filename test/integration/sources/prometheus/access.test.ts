import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { everything } from '../../../../src/domain/access.js';
import type { SourceAccess, TlsFiles } from '../../../../src/sources/prometheus/access.js';
import { createPlanner } from '../../../../src/sources/prometheus/planner.js';
import { asTrusted, type Certificate, createAuthority } from '../../../support/certificates.js';
import { startGateway } from '../../../support/gateway.js';
import { gauge, startPrometheus, T0, type TestPrometheus } from '../../../support/prometheus.js';
import { until } from '../../../support/until.js';

const NAME = 'prometheus.internal';
const NONE: TlsFiles = { caFile: null, certFile: null, keyFile: null, serverName: null, insecureSkipVerify: false };

let prometheus: TestPrometheus;
beforeAll(async () => {
  prometheus = await startPrometheus({ shared: true, series: [gauge('up', 1)] });
});
afterAll(() => prometheus.dispose());

/** Speaks TLS in front of the real Prometheus and remembers with which headers it was asked. */
async function secured({ cert, key }: Certificate, options: ServerOptions = {}) {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer({ cert, key, ...options }, (asked, reply) => {
    seen.push(asked.headers);
    const { method, url, headers } = asked;
    const inner = request(`${prometheus.url}${url}`, { method, headers }, (answer) => {
      reply.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(reply);
    });
    asked.pipe(inner);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { url: `https://127.0.0.1:${port}`, seen, server };
}

/** Asks once more each time, never from memory. */
function opened(url: string, access: Partial<SourceAccess>) {
  const reached = { url, timeoutMs: 5_000, maxConcurrent: 2, headersFile: null, ...access };
  const planner = createPlanner({ clusters: [{ name: 'edge', prometheus: reached, match: {} }] });
  onTestFinished(() => planner.close());
  let instants = 0;
  return async () => {
    const at = T0 - instants++;
    const { series } = await planner.instant('edge', 'up', at, 1, { scope: everything });
    return series[0]?.value ?? null;
  };
}

describe('a data source behind TLS', () => {
  it('is asked with our certificate, token and tenant, and all of them anew after a rotation', async () => {
    const authority = createAuthority('first authority');
    const successor = createAuthority('second authority');
    const own = authority.sign('slograph');
    const caFile = `${own.certFile}.ca`;
    const tokenFile = `${own.certFile}.token`;
    writeFileSync(caFile, authority.cert);
    writeFileSync(tokenFile, 'first-token\n');
    const { url, seen, server } = await secured(authority.sign(NAME), {
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const ask = opened(url, {
      tenant: 'edge-1',
      bearerTokenFile: tokenFile,
      tls: { ...NONE, caFile, certFile: own.certFile, keyFile: own.keyFile, serverName: NAME },
    });
    expect(await ask()).toBe(1);
    expect(seen.at(-1)).toMatchObject({ authorization: 'Bearer first-token', 'x-scope-orgid': 'edge-1' });

    const { cert, key } = successor.sign(NAME);
    server.setSecureContext({ cert, key, ca: [authority.cert, successor.cert] });
    server.closeAllConnections();
    await expect(ask()).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: 'edge: its certificate is signed by an authority that is not trusted; see tls.caFile',
    });
    writeFileSync(caFile, `${authority.cert}${successor.cert}`);
    writeFileSync(tokenFile, 'a-second-token\n');
    const renewed = successor.sign('slograph');
    writeFileSync(own.certFile, renewed.cert);
    writeFileSync(own.keyFile, renewed.key);
    expect(await ask()).toBe(1);
    expect(seen.at(-1)).toMatchObject({ authorization: 'Bearer a-second-token' });
  });

  it('says what is wrong with a certificate', async () => {
    const authority = createAuthority('authority');
    const tls = { ...NONE, caFile: authority.certFile, serverName: NAME };
    const stale = await secured(authority.sign(NAME, 0));
    await expect(opened(stale.url, { tls })()).rejects.toThrow(
      'edge: its certificate, or one of those that it is signed with, has expired',
    );
    const other = await secured(authority.sign('other.internal'));
    await expect(opened(other.url, { tls })()).rejects.toThrow('is for another name than that of url');
    const strict = await secured(authority.sign(NAME), { ca: authority.cert, requestCert: true });
    await expect(opened(strict.url, { tls })()).rejects.toThrow('it wants a certificate from us; see tls.certFile');
    const stranger = createAuthority('stranger').sign('slograph');
    const mixed = { ...tls, certFile: stranger.certFile, keyFile: authority.keyFile };
    await expect(opened(strict.url, { tls: mixed })()).rejects.toThrow('tls.keyFile is not the key of tls.certFile');
    const plain = prometheus.url.replace('http:', 'https:');
    await expect(opened(plain, { tls })()).rejects.toThrow('it does not speak TLS there');
    expect(await opened(other.url, { tls: { ...NONE, insecureSkipVerify: true } })()).toBe(1);
  });

  it('names the file of ours that has expired, or that holds something else, and never what it holds', async () => {
    const authority = createAuthority('old authority', 0);
    const { url } = await secured(authority.sign(NAME));
    const old = { ...NONE, caFile: authority.certFile, serverName: NAME };
    await expect(opened(url, { tls: old })()).rejects.toThrow(
      /has expired \(a certificate of tls\.caFile expired on 20/,
    );

    const empty = `${authority.certFile}.empty`;
    writeFileSync(empty, 'canary canary\n');
    const current = createAuthority('authority');
    const trusted = asTrusted(current);
    const { url: sound } = await secured(current.sign(NAME));
    expect(await opened(sound, { tls: { ...NONE, caFile: trusted, serverName: NAME } })()).toBe(1);

    const encrypted = `${authority.keyFile}.encrypted`;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(
      encrypted,
      privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'canary' }),
    );
    const torn = `${authority.keyFile}.torn`;
    writeFileSync(torn, '-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n');
    const withKey = (keyFile: string) => ({ tls: { ...NONE, certFile: authority.certFile, keyFile } });
    const wrong: readonly (readonly [Partial<SourceAccess>, string])[] = [
      [{ tls: { ...NONE, caFile: empty } }, 'its tls.caFile cannot be used: it holds no PEM certificate'],
      [{ tls: { ...NONE, certFile: `${empty}r`, keyFile: empty } }, 'its tls.certFile cannot be used: ENOENT'],
      [
        withKey(encrypted),
        'its tls.keyFile cannot be used: its private key is encrypted; give one without a passphrase (`openssl pkey` writes it)',
      ],
      [withKey(torn), 'its tls.keyFile cannot be used: it holds a private key that cannot be read'],
      [{ bearerTokenFile: empty }, 'its bearerTokenFile cannot be used: it does not hold one token'],
      [{ basicAuthFile: empty }, 'its basicAuthFile cannot be used: it does not hold one line of name:password'],
    ];
    for (const [access, said] of wrong) {
      const failed = await opened(url, access)().catch((error: Error) => error);
      expect(failed).toMatchObject({ code: 'SOURCE_UNAVAILABLE', message: `edge: ${said}` });
      expect(JSON.stringify(failed) + String((failed as Error).cause)).not.toContain('canary');
    }
  });
});

it('a gateway tells no secret in logs, errors and metrics, and warns that it verifies nothing', async () => {
  const { url, seen } = await secured(createAuthority('authority').sign(NAME));
  const gateway = await startGateway(
    `logLevel: trace
clusters:
  - name: basic
    prometheus: { url: '${url}', basicAuthFile: ./basic, tls: { insecureSkipVerify: true } }
  - { name: distrusting, prometheus: { url: '${url}', bearerTokenFile: ./token } }`,
    { basic: 'me:canary-basic\n', token: 'canary-token\n' },
  );
  const { data } = await gateway.query<{ clusters: unknown }>('{ clusters { name dataSources { reachable error } } }');
  const error = 'distrusting: its certificate is signed by an authority that is not trusted; see tls.caFile';
  expect(data?.clusters).toEqual([
    { name: 'basic', dataSources: [{ reachable: true, error: null }] },
    { name: 'distrusting', dataSources: [{ reachable: false, error }] },
  ]);
  expect(seen[0]?.authorization).toBe(`Basic ${Buffer.from('me:canary-basic').toString('base64')}`);
  await until('the warning', () => gateway.process.output().includes('tls.insecureSkipVerify'));
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  const told = gateway.process.output() + metrics + JSON.stringify(data);
  expect(told).not.toContain('canary');
  expect(told).not.toContain(Buffer.from('me:canary').toString('base64').slice(0, 10));
});
