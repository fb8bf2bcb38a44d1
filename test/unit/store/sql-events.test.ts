import { Kysely, SqliteDialect } from 'kysely';
import Database from 'libsql';
import { expect, it, onTestFinished } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import type { ViolationQuery } from '../../../src/domain/ports.js';
import type { ViolationChange } from '../../../src/domain/violation.js';
import { headSeq, insertEvent, readNewest } from '../../../src/store/sql-events.js';
import type { StoreTables } from '../../../src/store/sql-tables.js';
import { migrations } from '../../../src/store/sqlite-schema.js';

const T0 = Date.UTC(2026, 0, 15, 12);

const change: ViolationChange = {
  eventId: 'event',
  transition: 'OPENED',
  violation: {
    id: 'violation',
    slo: 'slo',
    objective: 'objective-1',
    revision: 'r1',
    cluster: 'edge-seoul',
    microservice: null,
    application: null,
    kind: 'BURN_RATE',
    severity: 'PAGE',
    status: 'OPEN',
    startedAtMs: T0,
    resolvedAtMs: null,
    message: '',
    burnRate: null,
    peakBurnRate: null,
    budgetConsumed: null,
    longWindowMs: null,
    shortWindowMs: null,
    threshold: null,
    value: null,
  },
  evaluatedAtMs: T0,
  late: false,
};

/** A database of the present version, and how SQLite looks up what each statement asked so far names. */
function database() {
  const file = new Database(':memory:');
  for (const statement of migrations.flat()) file.exec(statement);
  const asked: { sql: string; parameters: readonly unknown[] }[] = [];
  const log = ({ query }: { query: { sql: string; parameters: readonly unknown[] } }) => void asked.push(query);
  const kysely = new Kysely<StoreTables>({ dialect: new SqliteDialect({ database: file }), log });
  onTestFinished(() => kysely.destroy());
  const steps = () =>
    asked.flatMap(({ sql, parameters }) =>
      (file.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as { detail: string }[]).map((row) => row.detail),
    );
  return { kysely, steps };
}

it('stores a change without reading what the log holds already', async () => {
  const { kysely, steps } = database();
  await insertEvent(kysely, change, T0);
  await headSeq(kysely);
  expect(steps()).toContain('SEARCH event USING INDEX event_of_violation (violation_id=? AND newest=?)');
  expect(steps().filter((step) => /SCAN|\(newest=\?\)/.test(step))).toEqual([]);
});

it.each<[string, Omit<ViolationQuery, 'scope'>, string]>([
  ['what is open', { statuses: ['OPEN'] }, 'event_open (newest=? AND status=?)'],
  ['those of an SLO', { slos: ['slo'] }, 'event_of_slo (slo=? AND newest=?)'],
  ['what is open of an SLO', { slos: ['slo'], statuses: ['OPEN'] }, 'event_of_slo (slo=? AND newest=?)'],
  ['one by its id', { ids: ['violation'] }, 'event_of_violation (violation_id=? AND newest=?)'],
  ['the newest', { startedAfterMs: T0 }, 'event_newest (newest=? AND started_at_ms>?)'],
  ['those of an SLO at an instant', { slos: ['slo'], atMs: T0 }, 'event_of_slo (slo=?)'],
])('reads %s without reading every violation there ever was', async (_, query, index) => {
  const { kysely, steps } = database();
  await readNewest(kysely, { scope: everything, ...query });
  expect(steps()[0]).toBe(`SEARCH event USING INDEX ${index}`);
  expect(steps().filter((step) => /SCAN|\(newest=\?\)/.test(step))).toEqual([]);
});
