import { hasBounds, type ObjectiveReadings, unknownCoverage, windowsOf } from '../domain/evaluation.js';
import type { CompiledSli, EventSource, Outcome, ReadContext } from '../domain/ports.js';
import type { Coverage, WindowReading } from '../domain/slo.js';
import { askAll, type Question } from './ask-all.js';
import type { Clock } from './clock.js';
import type { Task } from './registry.js';

const COVERAGE_INTERVAL_MS = 300_000;

/** What a reading of one task brought. */
export interface TaskReadings extends ObjectiveReadings {
  /** Why something could not be read; null when everything was. */
  readonly failure: string | null;
  /** Whether the source answered anything at all this time, or did not have to. */
  readonly answered: boolean;
}

export interface ReaderOptions {
  readonly events: EventSource;
  readonly clock: Clock;
  /** How often windows are read. A long one is read less often: a step of 1/43,200 of it does not move its sums. */
  readonly intervalMs: number;
  /** How long a source may take to answer one evaluation. */
  readonly deadlineMs: number;
}

/** Reads the windows of tasks and keeps the last known readings, so that long windows are read less often. */
export interface Reader {
  /** All tasks must belong to one data source. Never rejects. */
  read(tasks: readonly Task[], atMs: number, context: ReadContext): Promise<ReadonlyMap<string, TaskReadings>>;
  /** Coverage of those tasks whose last one is old; gives the keys of those that have a new one. Never rejects. */
  readCoverage(tasks: readonly Task[], atMs: number, context: ReadContext): Promise<ReadonlyMap<string, Coverage>>;
}

/** The last known readings of one SLI. */
interface Known {
  readonly windows: Map<number, WindowReading>;
  readonly failed: Map<number, string>;
  current: number | null;
  currentFailure: string | null;
  coverage: Coverage;
  coverageAtMs: number | null;
}

export function createReader(options: ReaderOptions): Reader {
  // What was read is forgotten together with what it was compiled to.
  const knownBySli = new WeakMap<CompiledSli, Map<string, Known>>();
  const knownOf = (task: Task): Known => {
    const byTask = knownBySli.get(task.sli) ?? new Map<string, Known>();
    const known = byTask.get(task.key) ?? emptyKnown();
    knownBySli.set(task.sli, byTask.set(task.key, known));
    return known;
  };

  async function read(tasks: readonly Task[], atMs: number, context: ReadContext) {
    const questions = [...windowQuestions(tasks, atMs), ...currentQuestions(tasks, atMs)];
    const answered = await askAll(questions, context, options);
    return new Map(tasks.map((task) => [task.key, readingsOf(knownOf(task), atMs, answered.get(task) ?? true)]));
  }

  function windowQuestions(tasks: readonly Task[], atMs: number): Question[] {
    const due = new Map<number, Task[]>();
    for (const task of tasks) {
      for (const windowMs of windowsOf(task.slo)) {
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
          knownOf(task).windows.set(windowMs, value);
          knownOf(task).failed.delete(windowMs);
        });
      },
      fail: (task, message) => knownOf(task).failed.set(windowMs, message),
    }));
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
      if (!hasPassed(knownOf(task).coverageAtMs, atMs, COVERAGE_INTERVAL_MS)) continue;
      addTo(due, task.slo.windowMs, task);
    }
    const fresh = new Map<string, Coverage>();
    const questions = [...due].map(
      ([windowMs, tasks]): Question => ({
        tasks,
        async ask(slis, context) {
          const outcomes = await options.events.readCoverage(slis, windowMs, atMs, context);
          return tasks.map((task, index) => () => {
            const coverage = answerOf(outcomes[index]);
            Object.assign(knownOf(task), { coverage, coverageAtMs: atMs });
            fresh.set(task.key, coverage);
          });
        },
        // Coverage explains figures and decides nothing: an old one stays until the next answer.
        fail: () => {},
      }),
    );
    await askAll(questions, context, options);
    return fresh;
  }

  return { read, readCoverage };
}

function answerOf<T>(outcome: Outcome<T> | undefined): T {
  if (outcome === undefined) throw new Error('the source gave fewer answers than it was asked for');
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

function readingsOf(known: Known, atMs: number, answered: boolean): TaskReadings {
  return {
    atMs,
    windows: new Map(known.windows),
    current: known.current,
    coverage: known.coverage,
    failedWindows: new Set(known.failed.keys()),
    currentFailed: known.currentFailure !== null,
    failure: known.currentFailure ?? [...known.failed.values()][0] ?? null,
    answered,
  };
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
    coverageAtMs: null,
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
