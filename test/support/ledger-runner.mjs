// Evaluates SLOs with the built engine on a real store and a real Prometheus, minute by minute from argv[4] to argv[5]
// (minutes after argv[6]), telling each on stdout; then waits for the history, and tells what the store holds of every
// stream. argv[2]: the store's file, argv[3]: the Prometheus.
import { createHash } from 'node:crypto';
import { closedAt, needsOf } from '../../dist/domain/ledger-needs.js';
import { decodeState, encodeState } from '../../dist/domain/ledger-state.js';
import { LedgerStream } from '../../dist/domain/ledger-stream.js';
import { createEngine } from '../../dist/engine/engine.js';
import { createPlanner } from '../../dist/sources/prometheus/planner.js';
import { createSliCompiler } from '../../dist/sources/sli-compiler.js';
import { createEventSource } from '../../dist/sources/sli-events.js';
import { createSqliteStore } from '../../dist/store/sqlite-store.js';

const [, , path, url, from, to, t0] = process.argv;
const MINUTE = 60_000;
const slos = JSON.parse(process.env.SLOS);

const planner = createPlanner({
  clusters: [{ name: 'core', prometheus: { url, timeoutMs: 30_000, maxConcurrent: 20, headersFile: null }, match: {} }],
});
const store = await createSqliteStore({ path });
const quiet = () => {};
let nowMs = Number(t0) + Number(from) * MINUTE;
let readRatio = 0;
const engine = createEngine({
  definitions: { current: () => ({ slos, problems: [] }), onChange: () => quiet },
  compiler: createSliCompiler(planner),
  events: createEventSource(planner),
  store,
  ledgerStore: store.ledger,
  clock: {
    now: () => nowMs,
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  },
  intervalMs: MINUTE,
  lagMs: 0,
  gridMs: 5_000,
  log: {
    info: quiet,
    warn: (facts, message) => console.error(message, facts),
    error: (facts, message) => console.error(message, facts),
  },
  observer: { onHistory: (progress) => (readRatio = progress.readRatio) },
});

console.log('ready');
for (let minute = Number(from); minute <= Number(to); minute += 1) {
  nowMs = Number(t0) + minute * MINUTE;
  await engine.evaluateOnce();
  console.log(`at ${minute}`);
}
while (!isComplete()) {
  await engine.evaluateOnce();
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await engine.stop();
console.log(`holds ${JSON.stringify(await held())}`);
await store.close();
await planner.close();

function isComplete() {
  const [status] = engine.board.all({ key: '*', clusters: null, namespaces: null });
  const { coverage, budget } = status.objectives[0];
  return coverage.ratio === 1 && !budget.isEstimated && (readRatio === 1 || readRatio === 0);
}

/** A digest of every stream, made of nothing but what is on disk. */
async function held() {
  const needs = needsOf(slos[0], slos[0].objectives[0]);
  const streams = new Map();
  await store.ledger.load(
    ({ key, state }) => {
      const stream = new LedgerStream(needs);
      if (state !== null) stream.restore(decodeState(state));
      streams.set(key, stream);
    },
    ({ span, closedMs, streams: parts }) => {
      for (const { key, counts, estimated } of parts) {
        streams.get(key).advance(closedMs);
        streams.get(key).write(span.fromMs, span.sliceMs, counts, estimated);
      }
    },
  );
  for (const stream of streams.values()) stream.advance(closedAt(nowMs));
  const digest = (stream) => createHash('sha256').update(encodeState(stream.state())).digest('hex');
  return Object.fromEntries(
    [...streams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, stream]) => [key, digest(stream)]),
  );
}
