import type { CompiledSli, SliCompiler } from '../domain/ports.js';
import { type Definitions, type ObjectiveDefinition, type SloDefinition, sliOf } from '../domain/slo.js';

/** One objective with what is read for it. */
export interface Task {
  readonly key: string;
  readonly slo: SloDefinition;
  readonly objective: ObjectiveDefinition;
  readonly sli: CompiledSli;
}

/** Definitions in force, ready to be evaluated. */
export interface Registry {
  readonly definitions: Definitions;
  /** In the order of their names. */
  readonly slos: ReadonlyMap<string, SloDefinition>;
  readonly tasks: ReadonlyMap<string, Task>;
  /** Why an objective cannot be read, by its key. */
  readonly faults: ReadonlyMap<string, string>;
}

/** Names an objective among all. */
export function taskKey(slo: string, objective: string): string {
  return JSON.stringify([slo, objective]);
}

/**
 * Compiles what is new or changed; what kept its meaning keeps its compiled SLI, and with it all that was read. An SLI
 * that does not compile stops its own SLO only.
 */
export function buildRegistry(definitions: Definitions, compiler: SliCompiler, before: Registry | null): Registry {
  const tasks = new Map<string, Task>();
  const faults = new Map<string, string>();
  for (const slo of definitions.slos) {
    for (const objective of slo.objectives) {
      const key = taskKey(slo.name, objective.name);
      try {
        const sli =
          unchanged(slo, before?.tasks.get(key)) ?? compiler.compile(sliOf(slo, objective), objective, slo.cluster);
        tasks.set(key, { key, slo, objective, sli });
      } catch (error) {
        faults.set(key, error instanceof Error ? error.message : String(error));
      }
    }
  }
  const sorted = [...definitions.slos].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { definitions, slos: new Map(sorted.map((slo) => [slo.name, slo])), tasks, faults };
}

/** Tasks by the data source that answers them. */
export function byDataSource(tasks: Iterable<Task>): Map<string, Task[]> {
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    const group = groups.get(task.sli.dataSource);
    if (group === undefined) groups.set(task.sli.dataSource, [task]);
    else group.push(task);
  }
  return groups;
}

function unchanged(slo: SloDefinition, task: Task | undefined): CompiledSli | null {
  if (task === undefined || task.slo.source.revision !== slo.source.revision) return null;
  return task.slo.cluster === slo.cluster ? task.sli : null;
}
