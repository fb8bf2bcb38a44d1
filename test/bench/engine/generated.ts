/** Run as a program of its own, so that its memory is that of ten thousand SLOs and nothing else. */
import {
  measureObjective,
  type ObjectiveReadings,
  unknownCoverage,
  windowsOf,
} from '../../../src/domain/evaluation.js';
import { LedgerStream } from '../../../src/domain/ledger-stream.js';
import { type LedgerParts, readingOf, windowWithin } from '../../../src/domain/ledger-window.js';
import type { SloDefinition, WindowReading } from '../../../src/domain/slo.js';
import { anSlo } from '../../unit/domain/slo-examples.js';
import { cpuMsOf, median, memoryMb, report } from '../measure.js';
import { END_MS } from './history.js';

const SLOS = 10_000;
const CYCLES = 12;
const MINUTE_MS = 60_000;
const BLOCK_MS = 300_000;
const DAY_MS = 86_400_000;
/** As the engine keeps them for the default windows. */
const NEEDS = { minutesForMs: 7 * 3_600_000, blocksForMs: 3 * DAY_MS, hoursForMs: 30 * DAY_MS };

interface Evaluated {
  readonly slo: SloDefinition;
  readonly parts: LedgerParts;
}

const idleMb = memoryMb(process.pid, 'VmRSS');
const slos = Array.from({ length: SLOS }, (_, index): Evaluated => {
  const slo = anSlo({ name: `slo-${index}` });
  return { slo, parts: { good: null, bad: [filled(1)], total: [filled(50)], condition: null } };
});
const costs: { readonly writeMs: number; readonly evaluateMs: number }[] = [];
for (let cycle = 1; cycle <= CYCLES; cycle += 1) costs.push(evaluateAll(END_MS + cycle * MINUTE_MS));
report('10,000 SLOs', {
  slos: SLOS,
  streams: 2 * SLOS,
  windows: windowsOf(anSlo()).length,
  takeOverCpuMs: median(costs.map(({ writeMs }) => writeMs)),
  evaluateCpuMs: median(costs.map(({ evaluateMs }) => evaluateMs)),
  arithmeticCpuMs: median(costs.map(({ writeMs, evaluateMs }) => writeMs + evaluateMs)),
  memoryMb: memoryMb(process.pid, 'VmRSS') - idleMb,
  peakMb: memoryMb(process.pid, 'VmHWM'),
});

/** A month of history, a day at a time as it is read. */
function filled(perSlice: number): LedgerStream {
  const stream = new LedgerStream(NEEDS);
  stream.advance(END_MS);
  const counts = new Float64Array(DAY_MS / BLOCK_MS).fill(perSlice);
  const estimated = new Uint8Array(counts.length);
  for (let fromMs = END_MS - 30 * DAY_MS; fromMs < END_MS; fromMs += DAY_MS) {
    stream.write(fromMs, BLOCK_MS, counts, estimated);
  }
  return stream;
}

/** One cycle: the newest minute of every stream, one of two minutes ago once more, and every window of every SLO. */
function evaluateAll(atMs: number) {
  const began = cpuMsOf(process.pid);
  const estimated = new Uint8Array(1);
  for (const { parts } of slos) {
    for (const [stream, count] of [[parts.bad?.[0], 1] as const, [parts.total[0], 10] as const]) {
      stream?.advance(atMs);
      stream?.write(atMs - MINUTE_MS, MINUTE_MS, Float64Array.of(count), estimated);
      stream?.write(atMs - 3 * MINUTE_MS, MINUTE_MS, Float64Array.of(count), estimated);
    }
  }
  const taken = cpuMsOf(process.pid);
  for (const { slo, parts } of slos) {
    const [objective] = slo.objectives;
    if (objective === undefined) continue;
    measureObjective(slo, objective, readingsOf(slo, parts, atMs), { figures: null, open: null });
  }
  return { writeMs: taken - began, evaluateMs: cpuMsOf(process.pid) - taken };
}

function readingsOf(slo: SloDefinition, parts: LedgerParts, atMs: number): ObjectiveReadings {
  const windows = new Map<number, WindowReading>();
  for (const windowMs of windowsOf(slo)) {
    const span = windowWithin(parts, windowMs, atMs);
    const events = span === null ? null : readingOf(parts, span).events;
    windows.set(windowMs, { windowMs, atMs, events, partial: false });
  }
  return {
    atMs,
    windows,
    current: null,
    coverage: unknownCoverage,
    failedWindows: new Set(),
    currentFailed: false,
  };
}
