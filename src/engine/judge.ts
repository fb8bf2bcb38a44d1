import {
  type KnownBefore,
  measureObjective,
  type ObjectiveFigures,
  type ObjectiveReadings,
  unknownFigures,
} from '../domain/evaluation.js';
import type { Coverage, ObjectiveDefinition, ObjectiveStatus, SloDefinition } from '../domain/slo.js';
import { type Judgement, judge, judgeStale } from '../domain/slo-state.js';
import { type Hold, isOutOfBounds, kindsOf, nextHold, verdictOf } from '../domain/verdict.js';
import type { Violation } from '../domain/violation.js';
import { advance } from '../domain/violation-machine.js';
import type { TaskReadings } from './reader.js';
import type { Violations } from './violations.js';

/** What is remembered of an objective from one evaluation to the next. */
export interface Memory {
  readonly figures: ObjectiveFigures;
  /** When the figures were measured; null before the first time. */
  readonly figuresAtMs: number | null;
  /** The last state that was known of it, while its source answered. */
  readonly last: (Judgement & { readonly atMs: number }) | null;
  readonly hold: Hold | null;
  readonly status: ObjectiveStatus;
}

/** What is judged: an objective, or a composite. */
export interface Subject {
  readonly slo: SloDefinition;
  readonly objective: ObjectiveDefinition;
}

/** What one evaluation measured, before its state is known. */
export type Measured = Pick<Memory, 'figures' | 'figuresAtMs' | 'hold'>;

/** An objective that was not evaluated yet, or cannot be. */
export function unevaluated(slo: SloDefinition, objective: ObjectiveDefinition, because: string): Memory {
  const figures = unknownFigures(slo, objective);
  const status: ObjectiveStatus = { ...figures, state: 'NO_DATA', stateReason: because };
  return { figures, figuresAtMs: null, last: null, hold: null, status };
}

/**
 * Figures from readings. When nothing was answered the last known ones stay.
 * @param open the open BURN_RATE violation, which knows since when a pair fires
 */
export function measure(
  { slo, objective }: Subject,
  readings: TaskReadings,
  before: Memory | null,
  open: Violation | null,
  figuresOf = (known: KnownBefore) => measureObjective(slo, objective, readings, known),
): Measured {
  const kept = readings.failure !== null && !readings.answered;
  const out = readings.currentFailed ? null : isOutOfBounds(objective, readings.current);
  const hold = nextHold(before?.hold ?? null, out, readings.atMs);
  if (kept) {
    return {
      figures: before?.figures ?? unknownFigures(slo, objective),
      figuresAtMs: before?.figuresAtMs ?? null,
      hold,
    };
  }
  const known = { figures: before?.figuresAtMs == null ? null : before.figures, open };
  return { figures: figuresOf(known), figuresAtMs: readings.atMs, hold };
}

/** Carries the violations of an objective on by one evaluation. */
export function advanceViolations(
  { slo, objective }: Subject,
  measured: Measured,
  readings: ObjectiveReadings,
  violations: Violations,
): void {
  for (const kind of kindsOf(objective)) {
    const before = violations.open(slo.name, objective.name, kind);
    const verdict = verdictOf(kind, slo, measured.figures, readings, measured.hold);
    violations.record(before, advance(before, verdict, { slo, objective, kind, atMs: readings.atMs }));
  }
}

/** Open violations with the figures of an evaluation, where that does not end or change them. */
export function asMeasured(
  { slo, objective }: Subject,
  measured: Measured,
  readings: ObjectiveReadings,
  open: readonly Violation[],
): readonly Violation[] {
  return open.map((violation) => {
    const { kind } = violation;
    const verdict = verdictOf(kind, slo, measured.figures, readings, measured.hold);
    const { next, change } = advance(violation, verdict, { slo, objective, kind, atMs: readings.atMs });
    return change === null && next !== null ? next : violation;
  });
}

/** The state in view of the violations that are stored. */
export function conclude(
  { slo }: Pick<Subject, 'slo'>,
  measured: Measured,
  readings: TaskReadings,
  before: Memory | null,
  open: readonly Violation[],
): Memory {
  const last = before?.last ?? null;
  if (readings.failure !== null) {
    return { ...measured, last, status: { ...measured.figures, ...judgeStale(readings.failure, last) } };
  }
  const judgement = judge(slo, measured.figures, readings, open);
  return {
    ...measured,
    last: { ...judgement, atMs: readings.atMs },
    status: { ...measured.figures, ...judgement },
  };
}

/** The same with another coverage. */
export function withCoverage(memory: Memory, coverage: Coverage): Memory {
  const merged = { ...coverage, partial: coverage.partial || memory.figures.coverage.partial };
  return {
    ...memory,
    figures: { ...memory.figures, coverage: merged },
    status: { ...memory.status, coverage: merged },
  };
}
