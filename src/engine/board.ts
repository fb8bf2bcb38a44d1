import { everything, type Scope, seesCluster, seesNamespace } from '../domain/access.js';
import { compositeOf } from '../domain/composite.js';
import { counted } from '../domain/counted.js';
import { compositeHistory, objectiveHistory } from '../domain/objective-history.js';
import type { ReadContext, SloBoard, ViolationStore } from '../domain/ports.js';
import type { ObjectiveDefinition, SloDefinition, SloStatus } from '../domain/slo.js';
import { worstOf } from '../domain/slo-state.js';
import type { Violation } from '../domain/violation.js';
import { readComposites } from './composite.js';
import { asMeasured, conclude, type Memory, measure, type Subject, withCoverage } from './judge.js';
import type { Ledger } from './ledger.js';
import type { Reader, TaskReadings } from './reader.js';
import { byDataSource, type Registry, type Task, taskKey } from './registry.js';

export interface BoardOptions {
  readonly store: Pick<ViolationStore, 'violations'>;
  /** A reader without readings: what is asked about the past is not kept. */
  readonly createReader: () => Reader;
  readonly registry: () => Registry;
  readonly ledger: Pick<Ledger, 'partsOf'>;
  /** What is known now of an objective of the registry, by its key. */
  readonly memory: (key: string) => Memory;
}

export function createBoard({ store, createReader, registry, ledger, memory }: BoardOptions): SloBoard {
  // The status of an SLO is built once for as long as none of its objectives was evaluated again.
  const built = new WeakMap<SloDefinition, { readonly parts: readonly Memory[]; readonly status: SloStatus }>();

  function present(slo: SloDefinition): SloStatus {
    const parts = subjectsOf(slo).map(({ name }) => memory(taskKey(slo.name, name)));
    const last = built.get(slo);
    if (last !== undefined && parts.every((part, index) => part === last.parts[index])) return last.status;
    const status = statusOf(slo, parts);
    built.set(slo, { parts, status });
    return status;
  }

  async function at(names: readonly string[], atMs: number, context: ReadContext): Promise<readonly SloStatus[]> {
    const { slos, tasks } = registry();
    const wanted = [...new Set(names)]
      .map((name) => slos.get(name))
      .filter((slo) => slo !== undefined)
      .filter((slo) => sees(context.scope, slo));
    const open = await store.violations({
      scope: everything,
      slos: wanted.map((slo) => slo.name),
      statuses: ['OPEN'],
      atMs,
    });
    const isWanted = new Set(wanted);
    const parts = await evaluate(
      [...tasks.values()].filter((task) => isWanted.has(task.slo)),
      atMs,
      context,
      open,
    );
    return wanted.map((slo) =>
      statusOf(
        slo,
        subjectsOf(slo).map(({ name }) => {
          const key = taskKey(slo.name, name);
          return parts.get(key) ?? memory(key);
        }),
      ),
    );
  }

  async function evaluate(tasks: readonly Task[], atMs: number, context: ReadContext, open: readonly Violation[]) {
    const parts = new Map<string, Memory>();
    function evaluatedAt(key: string, subject: Subject, read: TaskReadings, figuresOf?: Parameters<typeof measure>[4]) {
      const violations = open.filter((violation) => taskKey(violation.slo, violation.objective) === key);
      const burning = violations.find((violation) => violation.kind === 'BURN_RATE') ?? null;
      const measured = measure(subject, read, null, burning, figuresOf);
      const memory = conclude(subject, measured, read, null, asMeasured(subject, measured, read, violations));
      return { subject, read, measured, memory };
    }
    await Promise.all(
      [...byDataSource(tasks).values()].map(async (group) => {
        const reader = createReader();
        const [readings, coverages] = await Promise.all([
          reader.read(group, atMs, context),
          reader.readCoverage(group, atMs, context),
        ]);
        const members = group.flatMap((task) => {
          const answer = readings.get(task.key);
          if (answer === undefined) return [];
          const read = counted(task.slo, task.objective, answer);
          const evaluated = evaluatedAt(task.key, task, read);
          const coverage = coverages.get(task.key);
          parts.set(task.key, coverage === undefined ? evaluated.memory : withCoverage(evaluated.memory, coverage));
          return [{ ...evaluated, read: coverage === undefined ? read : { ...read, coverage } }];
        });
        for (const { key, subject, read, figuresOf } of readComposites(members)) {
          parts.set(key, evaluatedAt(key, subject, read, figuresOf).memory);
        }
      }),
    );
    return parts;
  }

  return {
    all: (scope) => [...registry().slos.values()].filter((slo) => sees(scope, slo)).map(present),
    one(name, scope) {
      const slo = registry().slos.get(name);
      return slo === undefined || !sees(scope, slo) ? null : present(slo);
    },
    at,
    history(name, objectiveName, range, scope) {
      const { slos, tasks } = registry();
      const slo = slos.get(name);
      if (slo === undefined || !sees(scope, slo)) return null;
      const subject = subjectsOf(slo).find((candidate) => candidate.name === objectiveName);
      if (subject === undefined) return null;
      const partsOf = (objective: ObjectiveDefinition) => {
        const task = tasks.get(taskKey(name, objective.name));
        return task === undefined ? null : ledger.partsOf(task);
      };
      return slo.objectives.includes(subject)
        ? objectiveHistory(slo, subject, partsOf(subject), range)
        : compositeHistory(slo, subject, slo.objectives.map(partsOf), range);
    },
    compiled: (slo, objective) => registry().tasks.get(taskKey(slo.name, objective.name))?.sli ?? null,
    definitions: () => registry().definitions,
  };
}

/** The objectives of an SLO, and after them what those of a composite are together. */
function subjectsOf(slo: SloDefinition): readonly ObjectiveDefinition[] {
  const composite = compositeOf(slo);
  return composite === null ? slo.objectives : [...slo.objectives, composite];
}

/** @param parts of `subjectsOf` */
function statusOf(slo: SloDefinition, parts: readonly Memory[]): SloStatus {
  const all = parts.map((part) => part.status);
  const objectives = all.slice(0, slo.objectives.length);
  const composite = all[slo.objectives.length] ?? null;
  const { state, stateReason } = composite ?? worstOf(objectives);
  return { definition: slo, state, stateReason, evaluatedAtMs: earliest(parts), objectives, composite };
}

/** Null while any part was never evaluated. */
function earliest(parts: readonly Memory[]): number | null {
  const times = parts.map((part) => part.figuresAtMs);
  return times.every((time) => time !== null) && times.length > 0 ? Math.min(...times) : null;
}

/** What belongs to no namespace is not seen by those who see single namespaces only. */
function sees(scope: Scope, { cluster, microservice }: SloDefinition): boolean {
  if (microservice === null) return seesCluster(scope, cluster) && scope.namespaces === null;
  return seesNamespace(scope, cluster, microservice.namespace);
}
