import { compositeOf } from '../domain/composite.js';
import { compositeReadings, type Member, measureComposite } from '../domain/composite-figures.js';
import type { KnownBefore, ObjectiveFigures } from '../domain/evaluation.js';
import type { SloDefinition } from '../domain/slo.js';
import type { Measured, Subject } from './judge.js';
import type { TaskReadings } from './reader.js';
import { taskKey } from './registry.js';

/** A member of a composite, evaluated. */
export interface EvaluatedMember {
  readonly subject: Subject;
  readonly read: TaskReadings;
  readonly measured: Measured;
}

/** A composite, read from its members without asking anybody. */
export interface ReadComposite {
  readonly key: string;
  readonly subject: Subject;
  readonly read: TaskReadings;
  readonly figuresOf: (known: KnownBefore) => ObjectiveFigures;
}

/** The composites whose members were all evaluated. Members that were not answered at all leave it as it was. */
export function readComposites<T extends EvaluatedMember>(
  evaluated: readonly T[],
): readonly (ReadComposite & { readonly members: readonly T[] })[] {
  const bySlo = new Map<SloDefinition, T[]>();
  for (const one of evaluated) {
    const { slo } = one.subject;
    if (slo.sli === null) bySlo.set(slo, [...(bySlo.get(slo) ?? []), one]);
  }
  return [...bySlo].flatMap(([slo, members]) => {
    const objective = compositeOf(slo);
    if (objective === null || members.length < slo.objectives.length) return [];
    return [{ ...readComposite({ slo, objective }, members), members }];
  });
}

function readComposite({ slo, objective }: Subject, evaluated: readonly EvaluatedMember[]): ReadComposite {
  const members = evaluated.map(
    ({ subject, read, measured }): Member => ({
      objective: subject.objective,
      readings: read,
      figures: measured.figures,
    }),
  );
  const read: TaskReadings = {
    ...compositeReadings(slo, members),
    failure: evaluated.find(({ read }) => read.failure !== null)?.read.failure ?? null,
    answered: evaluated.every(({ read }) => read.answered),
  };
  return {
    key: taskKey(slo.name, objective.name),
    subject: { slo, objective },
    read,
    figuresOf: (known) => measureComposite(slo, objective, members, read, known),
  };
}
