import type { Severity } from './slo.js';

export type ViolationKind = 'BURN_RATE' | 'BUDGET_EXHAUSTED' | 'THRESHOLD';
export type ViolationStatus = 'OPEN' | 'RESOLVED';
export type ViolationTransition = 'OPENED' | 'SEVERITY_CHANGED' | 'RESOLVED';

/** A span of time in which an objective's rule was broken. At most one is open per (SLO, objective, kind). */
export interface Violation {
  /** Deterministic: SLO, objective, definition revision, kind and start. */
  readonly id: string;
  readonly slo: string;
  readonly objective: string;
  readonly revision: string;
  readonly cluster: string;
  readonly microservice: { readonly namespace: string; readonly name: string } | null;
  readonly application: string | null;
  readonly kind: ViolationKind;
  readonly severity: Severity;
  readonly status: ViolationStatus;
  readonly startedAtMs: number;
  readonly resolvedAtMs: number | null;
  readonly message: string;
  readonly burnRate: number | null;
  readonly peakBurnRate: number | null;
  /** Share of the whole budget that was spent when last evaluated. */
  readonly budgetConsumed: number | null;
  readonly longWindowMs: number | null;
  readonly shortWindowMs: number | null;
  readonly threshold: number | null;
  readonly value: number | null;
}

/** A fact about a violation, before it is stored. The same fact always has the same `eventId`. */
export interface ViolationChange {
  readonly eventId: string;
  readonly transition: ViolationTransition;
  /** The violation as it stands after the transition. */
  readonly violation: Violation;
  readonly evaluatedAtMs: number;
  readonly late: boolean;
}

/** A stored fact; `seq` is assigned in commit order, from 1, without holes. */
export interface ViolationEvent extends ViolationChange {
  readonly seq: number;
  readonly emittedAtMs: number;
}
