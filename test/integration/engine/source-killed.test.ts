import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { WrittenSeries } from '../../../src/demo/remote-write.js';
import { everything } from '../../../src/domain/access.js';
import type { SloDefinition } from '../../../src/domain/slo.js';
import { systemClock } from '../../../src/engine/clock.js';
import { createEngine } from '../../../src/engine/engine.js';
import { createPlanner } from '../../../src/sources/prometheus/planner.js';
import { createSliCompiler } from '../../../src/sources/sli-compiler.js';
import { createEventSource } from '../../../src/sources/sli-events.js';
import { createSqliteStore } from '../../../src/store/sqlite-store.js';
import { startPrometheus, T0 } from '../../support/prometheus.js';
import { anSli, anSlo } from '../../unit/domain/slo-examples.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const text = (query: string) => ({ text: query, path: '', line: 1, column: 1 });

function named(name: string, cluster: string): SloDefinition {
  const base = anSlo({ name, cluster });
  const bad = text(`errors_total{service="${name}"}`);
  const measure = { kind: 'RATIO', bad, total: text(`requests_total{service="${name}"}`), counter: true } as const;
  return { ...base, sli: anSli({ measure }) };
}

/** One request a second; between `badFromMs` and `badToMs` all of them fail. */
function requests(service: string, span: readonly [number, number], bad: readonly [number, number]): WrittenSeries[] {
  const times: number[] = [];
  for (let atMs = span[0]; atMs <= span[1]; atMs += MINUTE) times.push(atMs);
  const failedAt = (atMs: number) => Math.max(0, Math.min(atMs, bad[1]) - bad[0]) / 1000;
  return [
    { labels: { __name__: 'requests_total', service }, samples: times.map((at) => [at, (at - T0 + 4 * DAY) / 1000]) },
    { labels: { __name__: 'errors_total', service }, samples: times.map((at) => [at, failedAt(at)]) },
  ];
}

it('opens and resolves nothing for a Prometheus that is gone, and both when it is back', async () => {
  const edge = await startPrometheus();
  const core = await startPrometheus({ series: requests('other', [T0 - 3 * DAY, T0 + 60 * MINUTE], [0, 0]) });
  const ending = [T0 - 2 * MINUTE, T0] as const;
  const beginning = [T0 + 58 * MINUTE, T0 + 60 * MINUTE] as const;
  const before = [T0 - 3 * DAY, T0] as const;
  const after = [T0 + MINUTE, T0 + 60 * MINUTE] as const;
  await edge.push([...requests('ending', before, ending), ...requests('beginning', before, beginning)]);

  const clusters = [edge, core].map(({ url }, index) => ({
    name: index === 0 ? 'edge' : 'core',
    prometheus: { url, timeoutMs: 5000, maxConcurrent: 20, headersFile: null },
    match: {},
  }));
  const planner = createPlanner({ clusters });
  onTestFinished(() => planner.close());
  const directory = mkdtempSync(join(tmpdir(), 'slograph-engine-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const store = await createSqliteStore({ path: join(directory, 'violations.db') });
  onTestFinished(() => store.close());
  const slos = [named('ending', 'edge'), named('beginning', 'edge'), named('other', 'core')];
  let nowMs = T0;
  const quiet = () => {};
  const engine = createEngine({
    definitions: { current: () => ({ slos, problems: [] }), onChange: () => quiet },
    compiler: createSliCompiler(planner),
    events: createEventSource(planner),
    store,
    ledgerStore: store.ledger,
    clock: { ...systemClock, now: () => nowMs },
    intervalMs: 15_000,
    lagMs: 0,
    gridMs: 5000,
    log: { info: quiet, warn: quiet, error: quiet },
  });
  onTestFinished(() => engine.stop());
  const states = () => engine.board.all(everything).map(({ definition, state }) => `${definition.name} ${state}`);
  const transitions = async () =>
    (await store.events(0, 100)).map(({ transition, violation }) => `${violation.slo} ${violation.kind} ${transition}`);

  await engine.evaluateOnce();
  expect(await transitions()).toEqual(['ending BURN_RATE OPENED']);
  expect(states()).toEqual(['beginning OK', 'ending VIOLATED', 'other OK']);
  const [known] = engine.board.one('ending', everything)?.objectives ?? [];
  expect(known?.coverage.ratio).toBeGreaterThan(0);

  await edge.push([...requests('ending', after, ending), ...requests('beginning', after, beginning)]);
  await edge.stop();
  for (const minutes of [20, 40, 60]) {
    nowMs = T0 + minutes * MINUTE;
    await engine.evaluateOnce();
    expect(states()).toEqual(['beginning STALE', 'ending STALE', 'other OK']);
  }
  expect(await transitions()).toEqual(['ending BURN_RATE OPENED']);
  expect(engine.board.one('ending', everything)).toMatchObject({
    stateReason: expect.stringMatching(/edge.*2026-01-15T12:00:00Z it was VIOLATED/),
    evaluatedAtMs: T0,
    objectives: [{ ratio: known?.ratio }],
  });

  await edge.restart();
  await expect
    .poll(
      async () => {
        await engine.evaluateOnce();
        return states();
      },
      { timeout: 40_000, interval: 250 },
    )
    .toEqual(['beginning VIOLATED', 'ending OK', 'other OK']);
  expect((await transitions()).sort()).toEqual([
    'beginning BURN_RATE OPENED',
    'ending BURN_RATE OPENED',
    'ending BURN_RATE RESOLVED',
  ]);
  const [then] = await engine.board.at(['ending'], T0, { scope: everything });
  expect(then).toMatchObject({ state: 'VIOLATED', evaluatedAtMs: T0, objectives: [{ ratio: known?.ratio }] });
});
