import { compositeOf } from '../domain/composite.js';
import { counted } from '../domain/counted.js';
import type { ReadContext } from '../domain/ports.js';
import type { ObjectiveDefinition, SloDefinition } from '../domain/slo.js';
import { type Clock } from './clock.js';
import { readComposites } from './composite.js';
import {
  advanceViolations,
  conclude,
  type Measured,
  type Memory,
  measure,
  type Subject,
  unevaluated,
} from './judge.js';
import type { EngineLog } from './log.js';
import type { Reader, TaskReadings } from './reader.js';
import { type Registry, type Task, taskKey } from './registry.js';
import type { Violations } from './violations.js';

/** One evaluation of all SLOs of a data source. */
export interface Evaluation {
  readonly dataSource: string;
  readonly atMs: number;
  readonly durationMs: number;
  /** How old its instant was when its states were shown. */
  readonly lagMs: number;
  readonly objectives: number;
  /** Objectives for which the source did not answer in full. */
  readonly failed: number;
}

export interface EvaluatorOptions {
  readonly clock: Clock;
  readonly reader: Reader;
  readonly violations: Violations;
  readonly log: EngineLog;
  readonly onEvaluated?: ((evaluation: Evaluation) => void) | undefined;
}

/** Turns readings into states, and remembers them. */
export interface Evaluator {
  /** What is known of an objective of the registry in force. */
  memory(key: string): Memory;
  /** Puts definitions in force: what kept its meaning keeps its state. */
  install(registry: Registry): void;
  /** Evaluates tasks of one data source. Does not reject for a source or a store that fails. */
  evaluate(dataSource: string, tasks: readonly Task[], atMs: number, context: ReadContext): Promise<void>;
}

interface Judged {
  readonly key: string;
  readonly subject: Subject;
  /** The tasks that it was read by: one, but for a composite. */
  readonly tasks: readonly Task[];
  readonly read: TaskReadings;
  readonly before: Memory;
  readonly measured: Measured;
}

export function createEvaluator({ clock, reader, violations, log, onEvaluated }: EvaluatorOptions): Evaluator {
  let tasks: ReadonlyMap<string, Task> = new Map();
  let memories = new Map<string, Memory>();

  function install(registry: Registry): void {
    const next = new Map<string, Memory>();
    for (const slo of registry.slos.values()) {
      for (const objective of slo.objectives) {
        const key = taskKey(slo.name, objective.name);
        const fault = registry.faults.get(key);
        const isKept = fault === undefined && registry.tasks.get(key)?.sli === tasks.get(key)?.sli;
        const because = fault === undefined ? 'it was not evaluated yet' : `its SLI cannot be read: ${fault}`;
        next.set(key, (isKept ? memories.get(key) : undefined) ?? unevaluated(slo, objective, because));
      }
      installComposite(slo, next, registry);
    }
    tasks = registry.tasks;
    memories = next;
  }

  /** A composite is known as long as all of its members are. */
  function installComposite(slo: SloDefinition, next: Map<string, Memory>, { faults }: Registry): void {
    const composite = compositeOf(slo);
    if (composite === null) return;
    const keyOf = ({ name }: ObjectiveDefinition) => taskKey(slo.name, name);
    const isKept = slo.objectives.every((objective) => memories.get(keyOf(objective)) === next.get(keyOf(objective)));
    const before = isKept ? memories.get(keyOf(composite)) : undefined;
    const faulty = slo.objectives.find((objective) => faults.has(keyOf(objective)));
    const because =
      faulty === undefined
        ? 'it was not evaluated yet'
        : `${faulty.displayName ?? faulty.name}: ${next.get(keyOf(faulty))?.status.stateReason}`;
    next.set(keyOf(composite), before ?? unevaluated(slo, composite, because));
  }

  /** Definitions may have been replaced while their source was answering. */
  function isInForce(task: Task): boolean {
    return tasks.get(task.key)?.sli === task.sli;
  }

  function memory(key: string): Memory {
    const known = memories.get(key);
    if (known === undefined) throw new Error(`no objective ${key} is in force`);
    return known;
  }

  function judgeTask(task: Task, answer: TaskReadings | undefined): readonly Judged[] {
    if (answer === undefined) return [];
    return leftAlone(task, () => {
      const read = counted(task.slo, task.objective, answer);
      return judge(task.key, { subject: task, tasks: [task], read });
    });
  }

  function judgeComposites(members: readonly Judged[]): readonly Judged[] {
    return readComposites(members).flatMap(({ key, subject, read, figuresOf, members }) => {
      const tasks = members.flatMap((member) => member.tasks);
      return leftAlone(subject, () => judge(key, { subject, tasks, read }, figuresOf));
    });
  }

  function judge(
    key: string,
    { subject, tasks, read }: Pick<Judged, 'subject' | 'tasks' | 'read'>,
    figuresOf?: Parameters<typeof measure>[4],
  ): Judged {
    const before = memory(key);
    const burning = violations.open(subject.slo.name, subject.objective.name, 'BURN_RATE');
    const measured = measure(subject, read, before, burning, figuresOf);
    if (violations.isReady()) advanceViolations(subject, measured, read, violations);
    return { key, subject, tasks, read, before, measured };
  }

  /** What cannot be evaluated keeps what was known and leaves the others alone. */
  function leftAlone({ slo, objective }: Subject, work: () => Judged): readonly Judged[] {
    try {
      return [work()];
    } catch (error) {
      log.error({ err: error, slo: slo.name, objective: objective.name }, 'an objective was not evaluated');
      return [];
    }
  }

  async function evaluate(dataSource: string, asked: readonly Task[], atMs: number, context: ReadContext) {
    const startedMs = clock.now();
    await violations.load();
    const readings = await reader.read(asked, atMs, context);
    if (context.signal?.aborted) return;
    const judged = asked.filter(isInForce).flatMap((task) => judgeTask(task, readings.get(task.key)));
    const composites = judgeComposites(judged);
    // A transition is stored before any state shows it.
    await violations.flush();
    for (const { key, subject, tasks, read, before, measured } of [...judged, ...composites]) {
      if (!tasks.every(isInForce)) continue;
      const open = violations.shown(subject.slo.name, subject.objective.name);
      memories.set(key, conclude(subject, measured, read, before, open));
    }
    const failed = judged.filter(({ read }) => read.failure !== null).length;
    const endedMs = clock.now();
    const durationMs = endedMs - startedMs;
    onEvaluated?.({ dataSource, atMs, durationMs, lagMs: endedMs - atMs, objectives: judged.length, failed });
  }

  return { memory, install, evaluate };
}
