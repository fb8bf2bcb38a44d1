import { sliceLengthOf } from '../domain/counted.js';
import { hasBounds, type ObjectiveReadings, unknownCoverage, windowsOf } from '../domain/evaluation.js';
import type { LedgerColumns } from '../domain/ledger-columns.js';
import { closedAt } from '../domain/ledger-needs.js';
import { type LedgerParts, windowWithin } from '../domain/ledger-window.js';
import type { CompiledSli, EventSource, Outcome, ReadContext, SliceSpan } from '../domain/ports.js';
import { RememberedSlices } from '../domain/remembered-slices.js';
import type { Coverage, WindowReading } from '../domain/slo.js';
import { percentInWords } from '../domain/wording.js';
import { askAll, type Question } from './ask-all.js';
import type { Clock } from './clock.js';
import type { Ledger } from './ledger.js';
import { coverageOf, historyOf, isAllKept, isKept, windowReading } from './ledger-readings.js';
import { newestSlices } from './newest-slices.js';
import type { Reach } from './reach.js';
import type { Task } from './registry.js';

/** What a reading of one task brought. */
export interface TaskReadings extends ObjectiveReadings {
  /** Why something could not be read; null when everything was. */
  readonly failure: string | null;
  /** Whether the source answered anything at all this time, or did not have to. */
  readonly answered: boolean;
}

export interface ReaderOptions {
  readonly events: EventSource;
  readonly ledger: Ledger;
  readonly reach: Reach;
  /** Whether the newest slices are asked for. Of the past the ledger has what it has, and the rest is read as a whole. */
  readonly isPast?: boolean;
  readonly clock: Clock;
  /** How often windows are read. A long one is read less often: a step of 1/43,200 of it does not move its sums. */
  readonly intervalMs: number;
  /** How long a source may take to answer one evaluation. */
  readonly deadlineMs: number;
}

/**
 * Reads the windows of tasks from the ledger, for which the newest slices are asked. A window that the ledger cannot answer,
 * since its history was not read yet or it is shorter than its slices, is read as a whole, a long one less often.
 */
export interface Reader {
  /** All tasks must belong to one data source. Never rejects. */
  read(tasks: readonly Task[], atMs: number, context: ReadContext): Promise<ReadonlyMap<string, TaskReadings>>;
  /** Coverage of tasks of whose windows the ledger does not know it, by their keys. Never rejects. */
  readCoverage(tasks: readonly Task[], atMs: number, context: ReadContext): Promise<ReadonlyMap<string, Coverage>>;
}

/** The last known readings of one SLI. */
interface Known {
  readonly windows: Map<number, WindowReading>;
  readonly failed: Map<number, string>;
  current: number | null;
  currentFailure: string | null;
  coverage: Coverage;
  slices: RememberedSlices | null;
}

export function createReader(options: ReaderOptions): Reader {
  const { ledger, reach } = options;
  // What was read is forgotten together with what it was compiled to.
  const knownBySli = new WeakMap<CompiledSli, Map<string, Known>>();
  const knownOf = (task: Task): Known => {
    const byTask = knownBySli.get(task.sli) ?? new Map<string, Known>();
    const known = byTask.get(task.key) ?? emptyKnown();
    knownBySli.set(task.sli, byTask.set(task.key, known));
    return known;
  };

  async function read(tasks: readonly Task[], atMs: number, context: ReadContext) {
    const slices = options.isPast === true ? [] : newestSlices(tasks, closedAt(atMs), options);
    const questions = [...slices, ...windowQuestions(tasks, atMs), ...currentQuestions(tasks, atMs)];
    const answered = await askAll(questions, context, options);
    const readings = new Map<string, TaskReadings>();
    for (const task of tasks) readings.set(task.key, readingsOf(task, atMs, answered.get(task) ?? true));
    return readings;
  }

  /** Whether a window is read from slices, as soon as the newest of them are there. */
  function isFromLedger(task: Task, windowMs: number, atMs: number): boolean {
    const parts = ledger.partsOf(task);
    if (parts === null) return false;
    if (options.isPast === true) return isAllKept(parts, windowMs, atMs);
    return isKept(parts, windowMs, atMs) && !ledger.entriesOf(task).some(({ partial }) => partial);
  }

  function windowQuestions(tasks: readonly Task[], atMs: number): Question[] {
    const due = new Map<number, Task[]>();
    for (const task of tasks) {
      for (const windowMs of windowsOf(task.slo)) {
        if (isFromLedger(task, windowMs, atMs)) continue;
        if (!isDue(knownOf(task), windowMs, atMs, options.intervalMs)) continue;
        addTo(due, windowMs, task);
      }
    }
    return [...due].map(([windowMs, tasks]) => ({
      tasks,
      async ask(slis, context) {
        const outcomes = await options.events.readWindow(slis, windowMs, atMs, context);
        return tasks.map((task, index) => () => {
          const value = answerOf(outcomes[index]);
          const parts = ledger.partsOf(task);
          const estimated = parts !== null && historyOf(parts, windowMs, atMs) !== null;
          knownOf(task).windows.set(windowMs, estimated ? { ...value, estimated: true } : value);
          knownOf(task).failed.delete(windowMs);
        });
      },
      fail: (task, message) => knownOf(task).failed.set(windowMs, message),
    }));
  }

  /** Brings what is known of a task up to what the ledger has, and gives all of it. */
  function readingsOf(task: Task, atMs: number, answered: boolean): TaskReadings {
    const known = knownOf(task);
    const parts = ledger.partsOf(task);
    if (parts !== null) {
      const entries = ledger.entriesOf(task);
      const failure = entries.find((entry) => entry.failure !== null)?.failure ?? null;
      for (const windowMs of windowsOf(task.slo)) {
        const reading = windowReading(parts, windowMs, atMs);
        if (reading !== null) {
          known.windows.set(windowMs, reading);
          known.failed.delete(windowMs);
        } else if (failure !== null && isFromLedger(task, windowMs, atMs)) {
          known.failed.set(windowMs, failure);
        } else if (isFromLedger(task, windowMs, atMs) || entries.some(({ partial }) => partial)) {
          // Its newest slices were not answered in full, whatever was said of others since.
          const last = known.windows.get(windowMs) ?? { windowMs, atMs, events: null };
          known.windows.set(windowMs, { ...last, partial: true });
        }
      }
      const coverage = coverageOf(parts, task.slo.windowMs, atMs);
      const { fromMs } = windowWithin(parts, task.slo.windowMs, atMs) ?? {};
      if (coverage !== null && fromMs !== undefined) known.coverage = explained(task, coverage, fromMs);
    }
    const history = parts === null ? null : historyOf(parts, task.slo.windowMs, atMs);
    return {
      atMs,
      windows: new Map(known.windows),
      current: known.current,
      coverage: known.coverage,
      failedWindows: new Set(known.failed.keys()),
      currentFailed: known.currentFailure !== null,
      historyRead: history,
      ...(parts === null ? {} : { slices: (span) => slicesOf(task, parts, span) }),
      failure: failureOf(known, history) ?? conditionFailure(task),
      answered,
    };
  }

  /** Slices as long as those that are counted are remembered; others are few. */
  function slicesOf(task: Task, parts: LedgerParts, span: SliceSpan): LedgerColumns {
    const known = knownOf(task);
    if (known.slices?.parts !== parts) known.slices = new RememberedSlices(parts, sliceLengthOf(task.objective));
    return known.slices.read(span);
  }

  function explained({ sli, slo }: Task, coverage: Coverage, fromMs: number): Coverage {
    return reach.explain(coverage, sli.dataSource, fromMs, slo.windowMs);
  }

  /** A window as a whole says nothing of when it counts, so that nothing stands in for a condition that cannot be read. */
  function conditionFailure(task: Task): string | null {
    const { condition } = task.sli.streams;
    if (condition === null) return null;
    return ledger.entriesOf(task).find(({ key }) => key === condition.key)?.failure ?? null;
  }

  function currentQuestions(tasks: readonly Task[], atMs: number): Question[] {
    const bounded = tasks.filter((task) => hasBounds(task.objective));
    if (bounded.length === 0) return [];
    const question: Question = {
      tasks: bounded,
      async ask(slis, context) {
        const outcomes = await options.events.readCurrent(slis, atMs, context);
        return bounded.map((task, index) => () => {
          knownOf(task).current = answerOf(outcomes[index]);
          knownOf(task).currentFailure = null;
        });
      },
      fail(task, message) {
        knownOf(task).currentFailure = message;
      },
    };
    return [question];
  }

  async function readCoverage(tasks: readonly Task[], atMs: number, context: ReadContext) {
    const due = new Map<number, Task[]>();
    for (const task of tasks) {
      if (!isFromLedger(task, task.slo.windowMs, atMs)) addTo(due, task.slo.windowMs, task);
    }
    const coverages = new Map<string, Coverage>();
    const questions = [...due].map(
      ([windowMs, tasks]): Question => ({
        tasks,
        async ask(slis, context) {
          const outcomes = await options.events.readCoverage(slis, windowMs, atMs, context);
          return tasks.map((task, index) => () => {
            coverages.set(task.key, explained(task, answerOf(outcomes[index]), atMs - windowMs));
          });
        },
        // Coverage explains figures and decides nothing.
        fail: () => {},
      }),
    );
    await askAll(questions, context, options);
    return coverages;
  }

  return { read, readCoverage };
}

function answerOf<T>(outcome: Outcome<T> | undefined): T {
  if (outcome === undefined) throw new Error('the source gave fewer answers than it was asked for');
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

function failureOf({ currentFailure, failed }: Known, historyRead: number | null): string | null {
  const failure = currentFailure ?? [...failed.values()][0] ?? null;
  if (failure === null || historyRead === null) return failure;
  return `${failure} (its history is being read: ${percentInWords(historyRead)})`;
}

function addTo(groups: Map<number, Task[]>, windowMs: number, task: Task): void {
  const group = groups.get(windowMs);
  if (group === undefined) groups.set(windowMs, [task]);
  else group.push(task);
}

function emptyKnown(): Known {
  return {
    windows: new Map(),
    failed: new Map(),
    current: null,
    currentFailure: null,
    coverage: unknownCoverage,
    slices: null,
  };
}

function isDue(known: Known, windowMs: number, atMs: number, intervalMs: number): boolean {
  const reading = known.windows.get(windowMs);
  if (reading === undefined || reading.partial || known.failed.has(windowMs)) return true;
  const everyMs = windowMs / 43_200;
  return everyMs <= intervalMs ? reading.atMs !== atMs : hasPassed(reading.atMs, atMs, everyMs);
}

/** Whether a multiple of the interval lies between: tasks that were added at different times are read together again. */
function hasPassed(thenMs: number | null, atMs: number, everyMs: number): boolean {
  return thenMs === null || Math.floor(thenMs / everyMs) !== Math.floor(atMs / everyMs);
}
