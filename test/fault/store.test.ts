import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { expect, it, onTestFinished } from 'vitest';
import { everything } from '../../src/domain/access.js';
import type { ViolationChange } from '../../src/domain/violation.js';
import { applicationId, migrations } from '../../src/store/sqlite-schema.js';
import { createSqliteStore } from '../../src/store/sqlite-store.js';
import { type Running, start } from '../support/process.js';
import { until } from '../support/until.js';

const writer = new URL('store-writer.mjs', import.meta.url).pathname;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'slograph-store-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function startWriter(path: string, seed: string, ulimit = 'unlimited'): Running {
  const running = start('/bin/sh', ['-c', `ulimit -f ${ulimit}; exec "$0" "$@"`, process.execPath, writer, path, seed]);
  onTestFinished(async () => {
    await running.stop('SIGKILL');
  });
  return running;
}

/** What a writer was told is stored, as `seq eventId`. */
function acknowledged(running: Running): string[] {
  return running
    .output()
    .split('\n')
    .slice(0, -1)
    .filter((line) => /^\d/.test(line));
}

const change: ViolationChange = {
  eventId: 'after/opened',
  transition: 'OPENED',
  evaluatedAtMs: 0,
  late: false,
  violation: {
    id: 'after',
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
    message: 'm',
    burnRate: null,
    peakBurnRate: null,
    budgetConsumed: null,
    longWindowMs: null,
    shortWindowMs: null,
    threshold: null,
    value: null,
  },
};

it.each([40, 90, 200])(
  'has all it acknowledged and no hole after kill -9 (at %i rows, three times over)',
  async (rows) => {
    const path = join(folder(), 'slograph.db');
    const known = new Map<string, number>();
    for (const life of ['first', 'second', 'third']) {
      const running = startWriter(path, life);
      await until(`${rows} rows by the ${life} writer`, () => {
        if (running.child.exitCode !== null) throw new Error(running.output());
        return acknowledged(running).length >= rows;
      });
      await running.stop('SIGKILL');
      for (const line of acknowledged(running)) {
        const [seq, eventId] = line.split(' ') as [string, string];
        known.set(eventId, Number(seq));
      }
      const store = await createSqliteStore({ path });
      const events = await store.events(0, 1_000_000);
      await store.close();
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      const stored = new Map(events.map(({ eventId, seq }) => [eventId, seq]));
      for (const [eventId, seq] of known) expect(stored.get(eventId)).toBe(seq);
    }
  },
);

it('refuses a second process with its path and the holder, and takes over from a dead one', async () => {
  const path = join(folder(), 'slograph.db');
  const holder = startWriter(path, 'holder');
  await until('the holder', () => holder.output().includes('ready'));
  await expect(createSqliteStore({ path })).rejects.toThrow(`the store ${path} is in use by process ${holder.pid} on `);
  await holder.stop('SIGKILL');
  const store = await createSqliteStore({ path });
  onTestFinished(() => store.close());
  const second = startWriter(path, 'second');
  await once(second.child, 'close');
  expect(second.output()).toContain(`StoreError: the store ${path} is in use by process ${process.pid} on `);
});

it('says that a file is damaged or no store, and what to do', async () => {
  const path = join(folder(), 'slograph.db');
  writeFileSync(path, 'not a database'.repeat(1_000));
  await expect(createSqliteStore({ path })).rejects.toThrow(
    `the store ${path} is damaged or no store of slograph: file is not a database; move it away`,
  );
});

it('finds damage inside a store before it serves from it', async () => {
  const path = join(folder(), 'slograph.db');
  const store = await createSqliteStore({ path });
  await store.append(
    Array.from({ length: 500 }, (_, index) => ({
      ...change,
      eventId: `e${index}`,
      violation: { ...change.violation, id: `v${index}` },
    })),
    0,
  );
  await store.close();
  const bytes = readFileSync(path);
  bytes.fill(0xff, 8_192, 40_960);
  writeFileSync(path, bytes);
  await expect(createSqliteStore({ path })).rejects.toThrow(/is damaged or no store of slograph: .*; move it away/s);
});

it('refuses the file of another program and leaves it as it was', async () => {
  const path = join(folder(), 'other.db');
  const other = new Database(path);
  other.exec('CREATE TABLE songs (name TEXT)');
  other.close();
  await expect(createSqliteStore({ path })).rejects.toThrow(`${path} belongs to another program`);
  const again = new Database(path);
  expect(again.prepare('SELECT name FROM sqlite_master').all()).toEqual([{ name: 'songs' }]);
  again.close();
});

it('refuses a store of a newer version', async () => {
  const path = join(folder(), 'slograph.db');
  await (await createSqliteStore({ path })).close();
  const database = new Database(path);
  database.exec('PRAGMA user_version = 99');
  database.close();
  await expect(createSqliteStore({ path })).rejects.toThrow(
    /has version 99, and this slograph knows versions up to \d+/,
  );
});

it.each(migrations.map((_, index) => index + 1))(
  'brings a store of version %d along with what is in it',
  async (version) => {
    const path = join(folder(), 'slograph.db');
    const database = new Database(path);
    for (const statement of migrations.slice(0, version).flat()) database.exec(statement);
    database.exec("INSERT INTO meta VALUES ('epoch', 'the first')");
    database.exec(
      `INSERT INTO event VALUES (1, 'after/opened', 'after', 'OPENED', 0, 0, 0, 0, 's', 'THRESHOLD', 'PAGE', 'OPEN', 'c', NULL, 0, 1, '${JSON.stringify(change.violation)}')`,
    );
    database.exec(`PRAGMA application_id = ${applicationId}`);
    database.exec(`PRAGMA user_version = ${version}`);
    database.close();
    const store = await createSqliteStore({ path });
    onTestFinished(() => store.close());
    expect(await store.events(0, 10)).toEqual([{ ...change, seq: 1, emittedAtMs: 0 }]);
    expect(await store.position()).toEqual({ head: { epoch: 'the first', seq: 1 }, oldest: 1 });
  },
);

it('says that a folder cannot be made, or a folder is given for a file', async () => {
  const base = folder();
  writeFileSync(join(base, 'file'), '');
  const blocked = join(base, 'file', 'slograph.db');
  await expect(createSqliteStore({ path: blocked })).rejects.toThrow(
    `the folder of the store ${blocked} cannot be made`,
  );
  mkdirSync(join(base, 'slograph.db'));
  await expect(createSqliteStore({ path: join(base, 'slograph.db') })).rejects.toThrow(/does not work: .*; check that/);
});

it('says that the disk is full, keeps what it acknowledged, and goes on when there is space', async () => {
  const path = join(folder(), 'slograph.db');
  // A limit on the size of files, in blocks of 512 bytes, stands for a full disk.
  const running = startWriter(path, 'full', '600');
  await once(running.child, 'close');
  expect(running.output()).toMatch(/StoreError: the store .* does not work: .*disk/);
  const store = await createSqliteStore({ path });
  onTestFinished(() => store.close());
  const events = await store.events(0, 1_000_000);
  expect(events.length).toBeGreaterThan(10);
  expect(events.map(({ seq, eventId }) => `${seq} ${eventId}`)).toEqual(acknowledged(running));
  expect((await store.append([change], 0))[0]?.seq).toBe(events.length + 1);
  expect((await store.snapshot(everything)).head.seq).toBe(events.length + 1);
});
