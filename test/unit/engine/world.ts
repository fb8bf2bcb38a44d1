import { SourceError } from '../../../src/domain/errors.js';
import { unknownCoverage } from '../../../src/domain/evaluation.js';
import type {
  CompiledSli,
  DefinitionStore,
  EventSource,
  Outcome,
  ReadContext,
  SliCompiler,
  SliceCounts,
  SliceSpan,
} from '../../../src/domain/ports.js';
import type { Definitions, EventCounts, SloDefinition } from '../../../src/domain/slo.js';
import { createEngine, type EngineOptions } from '../../../src/engine/engine.js';
import type { EngineLog } from '../../../src/engine/log.js';
import { T0 } from '../domain/slo-examples.js';
import { fakeClock } from './fake-clock.js';
import { type MemoryLedger, memoryLedger } from './memory-ledger.js';
import { type MemoryStore, memoryStore } from './memory-store.js';

/** What a source says of an SLO: the share of bad ones among 10 events a second, between instants. */
export interface Script {
  /** 0..1; null while no series exists. */
  errorRatio(atMs: number): number | null;
  /** Whether the condition holds of an SLI that has one; null: it cannot be read. */
  holds?: (atMs: number) => boolean | null;
  current?: (atMs: number) => number | null;
}

/** PARTIAL_AT_THE_END: of slices only the newest are partial. */
export type Health = 'UP' | 'DOWN' | 'HANGING' | 'PARTIAL' | 'PARTIAL_AT_THE_END';

/** An SLO's script is found by its name, its data source is its cluster. */
export interface World {
  readonly scripts: Map<string, Script>;
  readonly health: Map<string, Health>;
  /** Windows that are too much for every source. */
  readonly tooLong: Set<number>;
  readonly asked: {
    readonly dataSource: string;
    readonly windowMs: number;
    readonly atMs: number;
    readonly slis: number;
  }[];
  /** Of what is before that no source has anything; absent: they have all of it. */
  keptFromMs?: number;
  /** How every source answers what it has of an instant; absent: UP. */
  names?: Health;
  /** Instants of which that was asked, in order. */
  readonly reached: number[];
  /** Slices that were asked for, in order. */
  readonly slices: (SliceSpan & { readonly dataSource: string; readonly streams: number })[];
}

const STEP_MS = 5000;
const EVENTS_PER_STEP = 50;

export function outage(fromMs: number, toMs: number, errorRatio = 1): Script {
  return { errorRatio: (atMs) => (atMs >= fromMs && atMs < toMs ? errorRatio : 0) };
}

export const quiet: Script = { errorRatio: () => 0 };

/** Everything around an engine, in memory, with time under control. `intervalMs` is 15 s and there is no lag. */
export function startWorld(
  slos: readonly SloDefinition[],
  options: Partial<EngineOptions> & {
    scripts?: Readonly<Record<string, Script>>;
    store?: MemoryStore;
    ledgerStore?: MemoryLedger;
  } = {},
) {
  const world: World = {
    scripts: new Map(Object.entries(options.scripts ?? {})),
    health: new Map(),
    tooLong: new Set(),
    asked: [],
    reached: [],
    slices: [],
  };
  const clock = fakeClock(T0);
  const store = options.store ?? memoryStore();
  const ledgerStore = options.ledgerStore ?? memoryLedger();
  const definitions = replaceable({ slos, problems: [] });
  const logged: string[] = [];
  const say = (_: object, message: string) => logged.push(message);
  const log: EngineLog = { info: say, warn: say, error: say };
  const engine = createEngine({
    definitions,
    compiler: namingCompiler,
    events: scripted(world),
    store,
    clock,
    intervalMs: 15_000,
    lagMs: 0,
    gridMs: 5000,
    log,
    ...options,
    ledgerStore,
  });
  const state = (name: string) => engine.board.one(name, { key: '*', clusters: null, namespaces: null })?.state;
  return { engine, world, clock, store, ledgerStore, definitions, logged, state };
}

/** Compiles the name of the SLI, which is the name of its script. */
export const namingCompiler: SliCompiler = {
  check: () => [],
  compile(sli, _objective, cluster) {
    if (sli.name?.startsWith('broken')) throw new Error(`unexpected end of "${sli.name}"`);
    const stream = (part: string) => ({ key: `${cluster} ${sli.name} ${part}`, dataSource: cluster, group: part });
    const condition = sli.counting.when === null ? null : stream('condition');
    const streams = { good: null, bad: [stream('bad')], total: [stream('total')], condition };
    const read = { shapeKey: 'scripted', handle: sli.name, streams, promql: {} };
    return { ...read, cluster, dataSource: cluster, source: 'CUSTOM' };
  },
};

function replaceable(first: Definitions): DefinitionStore & { replace(next: Definitions): void } {
  let current = first;
  const listeners = new Set<(definitions: Definitions) => void>();
  return {
    current: () => current,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    replace(next) {
      current = next;
      for (const listener of listeners) listener(next);
    },
  };
}

function scripted(world: World): EventSource {
  const answer = async <T>(
    slis: readonly CompiledSli[],
    context: ReadContext,
    read: (script: Script) => T,
    windowMs = 0,
  ) => {
    const health = world.health.get(slis[0]?.dataSource ?? '') ?? 'UP';
    // A hanging source answers nothing, not even to being told that nobody waits any more.
    if (health === 'HANGING') await new Promise(() => {});
    context.signal?.throwIfAborted();
    return slis.map((sli): Outcome<T> => {
      if (health === 'DOWN') return { ok: false, error: new SourceError('UNAVAILABLE', sli.dataSource, 'refused') };
      if (world.tooLong.has(windowMs)) {
        return { ok: false, error: new SourceError('TIMEOUT', sli.dataSource, 'too many samples') };
      }
      const script = world.scripts.get(String(sli.handle));
      if (script === undefined) throw new Error(`no script for ${String(sli.handle)}`);
      return { ok: true, value: read(script) };
    });
  };
  return {
    readWindow(slis, windowMs, atMs, context) {
      const [sli] = slis;
      world.asked.push({ dataSource: sli?.dataSource ?? '', windowMs, atMs, slis: slis.length });
      const partial = world.health.get(sli?.dataSource ?? '') === 'PARTIAL';
      const read = (script: Script) => ({ windowMs, atMs, events: count(script, windowMs, atMs), partial });
      return answer(slis, context, read, windowMs);
    },
    async readSlices(slis, span, _options, context) {
      const [sli] = slis;
      const { dataSource = '' } = sli ?? {};
      world.slices.push({ ...span, dataSource, streams: 2 * slis.length });
      const isNewest = world.slices.every(({ toMs }) => toMs <= span.toMs);
      const health = world.health.get(dataSource);
      const partial = health === 'PARTIAL' || (health === 'PARTIAL_AT_THE_END' && isNewest);
      const outcomes = await answer(slis, context, (script) => countSlices(script, span));
      const counts = new Map<string, Outcome<SliceCounts>>();
      for (const [index, { streams }] of slis.entries()) {
        const outcome = outcomes[index] as Outcome<{ bad: Float64Array; total: Float64Array }>;
        for (const { key, group } of [...(streams.bad ?? []), ...streams.total]) {
          const column = outcome.ok ? outcome.value[group as 'bad' | 'total'] : new Float64Array();
          const value = { counts: column, estimated: new Uint8Array(column.length), partial };
          counts.set(key, outcome.ok ? { ok: true, value } : outcome);
        }
        const script = world.scripts.get(String(slis[index]?.handle));
        if (streams.condition !== null) counts.set(streams.condition.key, minutesHeld(script, span, partial));
      }
      return counts;
    },
    async reaches(dataSource, atMs, { signal }) {
      world.reached.push(atMs);
      if (world.names === 'HANGING') {
        await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      }
      if (world.names === 'DOWN') throw new SourceError('UNAVAILABLE', dataSource, 'no store answers');
      return atMs >= (world.keptFromMs ?? Number.NEGATIVE_INFINITY);
    },
    readCurrent: (slis, atMs, context) => answer(slis, context, (script) => script.current?.(atMs) ?? null),
    readCoverage: (slis, _windowMs, atMs, context) =>
      answer(slis, context, () => ({ ...unknownCoverage, ratio: 1, newestMs: atMs })),
  };
}

function minutesHeld(script: Script | undefined, { fromMs, toMs, sliceMs }: SliceSpan, partial: boolean) {
  const held = (endMs: number) => script?.holds?.(endMs) ?? null;
  const ends = Array.from({ length: (toMs - fromMs) / sliceMs }, (_, slice) => fromMs + (slice + 1) * sliceMs);
  if (ends.some((endMs) => held(endMs) === null)) {
    return { ok: false, error: new SourceError('REJECTED', 'condition', 'many-to-many matching') } as const;
  }
  const counts = Float64Array.from(ends, (endMs) => (held(endMs) ? sliceMs / 60_000 : 0));
  return { ok: true, value: { counts, estimated: new Uint8Array(ends.length), partial } } as const;
}

function countSlices(script: Script, { fromMs, toMs, sliceMs }: SliceSpan) {
  const length = (toMs - fromMs) / sliceMs;
  const counts = Array.from({ length }, (_, slice) => count(script, sliceMs, fromMs + (slice + 1) * sliceMs));
  return {
    bad: Float64Array.from(counts, (events) => events?.bad ?? Number.NaN),
    total: Float64Array.from(counts, (events) => events?.total ?? Number.NaN),
  };
}

/** Events before the day of the test are good, and counted without a loop. */
function count({ errorRatio }: Script, windowMs: number, atMs: number): EventCounts | null {
  const scriptedMs = Math.min(windowMs, Math.max(0, atMs - (T0 - 3_600_000)));
  let bad = 0;
  let total = errorRatio(T0 - 3_600_000) === null ? 0 : ((windowMs - scriptedMs) / STEP_MS) * EVENTS_PER_STEP;
  let seen = total > 0;
  for (let stepMs = atMs - scriptedMs; stepMs < atMs; stepMs += STEP_MS) {
    const ratio = errorRatio(stepMs);
    if (ratio === null) continue;
    seen = true;
    total += EVENTS_PER_STEP;
    bad += ratio * EVENTS_PER_STEP;
  }
  return seen ? { good: total - bad, bad, total } : null;
}
