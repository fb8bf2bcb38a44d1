import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { everything } from '../../src/domain/access.js';
import type { ViolationStore } from '../../src/domain/ports.js';
import type { ViolationChange } from '../../src/domain/violation.js';
import { createPostgresStore, examinePostgresStore } from '../../src/store/postgres-store.js';
import { startGateway } from '../support/gateway.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.dispose());

async function open(url: string, passwordFile: string | null = null): Promise<ViolationStore> {
  const store = await createPostgresStore({ url, passwordFile });
  onTestFinished(() => store.close());
  return store;
}

function change(id: string): ViolationChange {
  return {
    eventId: `${id}/opened`,
    transition: 'OPENED',
    evaluatedAtMs: 0,
    late: false,
    violation: {
      id,
      slo: 's',
      objective: 'o',
      revision: 'r',
      cluster: 'c',
      microservice: null,
      application: null,
      kind: 'THRESHOLD',
      severity: 'PAGE',
      status: 'OPEN',
      startedAtMs: 0,
      resolvedAtMs: null,
      message: "a quote ' and a NUL \u0000 and a line\nbreak",
      burnRate: null,
      peakBurnRate: null,
      budgetConsumed: null,
      longWindowMs: null,
      shortWindowMs: null,
      threshold: null,
      value: 1e-300,
    },
  };
}

it('loses nothing it acknowledged when the server is killed, and goes on by itself when it is back', async () => {
  const store = await open(await postgres.database());
  await store.append([change('before')], 1);
  await postgres.stop('SIGKILL');
  await expect(store.append([change('during')], 2)).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    retryable: true,
  });
  await expect(store.events(0, 10)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await postgres.restart();
  await until('the store to take a change', async () => (await store.append([change('after')], 3)).length === 1);
  const events = await store.events(0, 10);
  expect(events.map(({ seq, eventId }) => `${seq} ${eventId}`)).toEqual(['1 before/opened', '2 after/opened']);
  expect(events[0]?.violation).toEqual(change('before').violation);
});

it('names the process that uses a store, and lets the next one in when that has ended', async () => {
  const url = await postgres.database();
  const first = await open(url);
  await expect(open(url)).rejects.toThrow(new RegExp(`is in use by slograph \\S+:${process.pid}; stop it`));
  await first.append([change('a')], 1);
  await first.close();
  expect((await (await open(url)).snapshot(everything)).head.seq).toBe(1);
});

it('waits for a process that is about to let go of a store', async () => {
  const url = await postgres.database();
  const first = await open(url);
  const second = open(url);
  await until('the second to wait for the lock', async () => {
    const waiting = await postgres.run(url, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
    return waiting.length > 0;
  });
  await first.close();
  expect((await (await second).append([change('a')], 1)).length).toBe(1);
});

it('writes nothing more after another process has taken the store over', async () => {
  const url = await postgres.database();
  const first = await open(url);
  await first.append([change('a')], 1);
  // As a network does that forgets a connection: the lock goes with it.
  await postgres.run(url, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
  const second = await until('the store to be free', () => createPostgresStore({ url, passwordFile: null }));
  onTestFinished(() => second.close());
  const refused = await Promise.allSettled(['b', 'c', 'd'].map((id) => first.append([change(id)], 2)));
  for (const { status, reason } of refused as PromiseRejectedResult[]) {
    expect([status, String(reason)]).toEqual(['rejected', expect.stringContaining('is in use by')]);
  }
  expect((await second.append([change('c')], 3))[0]?.seq).toBe(2);
});

it('reads the password from its file for every connection, and never shows it', async () => {
  const url = await postgres.database();
  await postgres.run(url, `GRANT CREATE ON DATABASE ${new URL(url).pathname.slice(1)} TO guarded`);
  const guarded = url.replace('slograph@', 'guarded@');
  const folder = mkdtempSync(join(tmpdir(), 'slograph-password-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, 'wrong word\n');
  const refused = await open(guarded, passwordFile).catch((error: unknown) => error as Error);
  expect(refused).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: false });
  expect(String(refused)).toContain('check the user in store.postgres and its password');
  expect(String(refused)).not.toMatch(/wrong word|secret word|guarded@/);
  writeFileSync(passwordFile, 'secret word\n');
  expect((await (await open(guarded, passwordFile)).append([change('a')], 1)).length).toBe(1);
  await expect(open(guarded, join(folder, 'none'))).rejects.toThrow('ENOENT');
});

it('refuses what it cannot use, and says what to do', async () => {
  const url = await postgres.database();
  await expect(open(url.replace(/d\d+$/, 'absent'))).rejects.toThrow('create the database, or name another');
  await expect(open('postgres://slograph@127.0.0.1:1/d')).rejects.toThrow('check that PostgreSQL answers');
  expect(await examinePostgresStore({ url, passwordFile: null })).toMatch(/^postgres:\/\/127\.0\.0\.1:\d+\/d\d+$/);
  await (await open(url)).close();
  await postgres.run(url, "UPDATE slograph.meta SET value = '99' WHERE name = 'version'");
  await expect(open(url)).rejects.toThrow(/has version 99, and this slograph knows versions up to \d+; run the newer/);
});

it('a gateway on PostgreSQL is not ready while that is away, answers what it can, and is ready again by itself', async () => {
  const url = await postgres.database();
  const gateway = await startGateway(
    'clusters: [{ name: edge, prometheus: { url: "http://127.0.0.1:1" } }]',
    {},
    { SLOGRAPH__STORE__POSTGRES: url },
  );
  const readiness = async () => (await fetch(new URL('/readyz', gateway.url))).status;
  const listed = () => gateway.query('{ violations { totalCount } }');
  await until('the gateway to be ready', async () => (await readiness()) === 200);
  expect((await listed()).data).toEqual({ violations: { totalCount: 0 } });
  await postgres.stop('SIGKILL');
  await until('the gateway not to be ready', async () => (await readiness()) === 503);
  expect((await listed()).errors?.[0]?.extensions?.code).toBe('STORE_UNAVAILABLE');
  await postgres.restart();
  await until('the gateway to be ready again', async () => (await readiness()) === 200);
  expect((await listed()).data).toEqual({ violations: { totalCount: 0 } });
}, 60_000);
