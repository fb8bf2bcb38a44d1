import { createHash } from 'node:crypto';
import { judgedObjectives } from './composite.js';
import { formatDuration } from './duration.js';
import { type ObjectiveDefinition, type SloDefinition, sliOf } from './slo.js';
import { severityRank, type Verdict, type ViolationFacts } from './verdict.js';
import type { Violation, ViolationChange, ViolationKind, ViolationTransition } from './violation.js';
import { instantInWords, inWords, percentInWords, valueInWords } from './wording.js';

/** Whose rule is evaluated, and when. */
export interface RuleContext {
  readonly slo: SloDefinition;
  readonly objective: ObjectiveDefinition;
  readonly kind: ViolationKind;
  readonly atMs: number;
}

/** What an evaluation did to a violation. */
export interface Step {
  /** The violation that is open afterwards; null when none is. */
  readonly next: Violation | null;
  /** What is to be stored; null when nothing happened that anybody must be told. */
  readonly change: ViolationChange | null;
  /** Why, in a word or a few: for logs and tests. */
  readonly reason: string;
}

/**
 * Carries the violation of one rule on by one evaluation: opens it, changes its severity, resolves it or leaves it.
 * Pure: equal arguments give equal changes with equal ids.
 * @param open the open violation of this (SLO, objective, kind), whatever revision of the definition opened it
 */
export function advance(open: Violation | null, verdict: Verdict, context: RuleContext): Step {
  if (verdict.kind === 'UNKNOWN') return { next: open, change: null, reason: `unknown: ${verdict.because}` };
  if (open === null) return verdict.kind === 'KEPT' ? nothing('kept') : opened(verdict, context);
  return verdict.kind === 'KEPT' ? resolved(open, verdict.facts, context) : continued(open, verdict, context);
}

/** Resolves a violation whose SLO, objective or rule is no longer defined. */
export function retire(open: Violation, atMs: number, because: string): Step {
  return { ...ended(open, atMs, `${subjectOf(open)}: ${because}; nothing is evaluated any more`), reason: because };
}

function nothing(reason: string): Step {
  return { next: null, change: null, reason };
}

function opened(verdict: Extract<Verdict, { kind: 'BROKEN' }>, context: RuleContext): Step {
  const { slo, objective, kind, atMs } = context;
  const violation: Violation = {
    id: hashOf(slo.name, objective.name, slo.source.revision, kind, atMs),
    slo: slo.name,
    objective: objective.name,
    revision: slo.source.revision,
    cluster: slo.cluster,
    microservice: slo.microservice,
    application: slo.application,
    kind,
    severity: verdict.severity,
    status: 'OPEN',
    startedAtMs: atMs,
    resolvedAtMs: null,
    ...verdict.facts,
    peakBurnRate: verdict.facts.burnRate,
    message: messageOf(verdict.facts, atMs, context),
  };
  return { next: violation, change: changeOf('OPENED', violation, atMs), reason: 'opened' };
}

function continued(open: Violation, verdict: Extract<Verdict, { kind: 'BROKEN' }>, context: RuleContext): Step {
  // While something worse may be hidden, the severity does not fall.
  const milder = severityRank(verdict.severity) > severityRank(open.severity);
  const severity = milder && !verdict.complete ? open.severity : verdict.severity;
  const next: Violation = {
    ...open,
    ...verdict.facts,
    severity,
    peakBurnRate: peakOf(open.peakBurnRate, verdict.facts.burnRate),
    message: messageOf(verdict.facts, open.startedAtMs, context),
  };
  if (severity === open.severity) return { next, change: null, reason: 'continues' };
  return { next, change: changeOf('SEVERITY_CHANGED', next, context.atMs), reason: `now a ${severity}` };
}

function resolved(open: Violation, facts: Partial<ViolationFacts>, context: RuleContext): Step {
  const { slo, atMs } = context;
  const lasted = formatDuration(Math.max(0, Math.round((atMs - open.startedAtMs) / 1000) * 1000));
  const end = `${titleOf(context)} ${RESOLVED_WORDS[open.kind]} after ${lasted}${budgetLeft(facts.budgetConsumed ?? null, slo)}.`;
  return { ...ended({ ...open, ...facts }, atMs, end), reason: 'resolved' };
}

function ended(open: Violation, atMs: number, message: string): Pick<Step, 'next' | 'change'> {
  // A wall clock that was set back must not let it end before it began.
  const resolvedAtMs = Math.max(atMs, open.startedAtMs);
  const violation: Violation = { ...open, status: 'RESOLVED', resolvedAtMs, message };
  return { next: null, change: changeOf('RESOLVED', violation, atMs) };
}

function changeOf(transition: ViolationTransition, violation: Violation, evaluatedAtMs: number): ViolationChange {
  // A violation opens once and resolves once, but its severity can change often.
  const times = transition === 'SEVERITY_CHANGED' ? [violation.severity, evaluatedAtMs] : [];
  const eventId = hashOf(violation.id, transition, ...times);
  return { eventId, transition, violation, evaluatedAtMs, late: false };
}

function hashOf(...parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

function peakOf(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

const RESOLVED_WORDS: Readonly<Record<ViolationKind, string>> = {
  BURN_RATE: 'no longer burns its error budget too fast',
  BUDGET_EXHAUSTED: 'has error budget again',
  THRESHOLD: 'is within its bounds again',
};

/** What, how bad, since when, and what is left of the budget. */
function messageOf(facts: ViolationFacts, startedAtMs: number, context: RuleContext): string {
  const since = `since ${instantInWords(startedAtMs)}`;
  const left = budgetLeft(facts.budgetConsumed, context.slo);
  return `${titleOf(context)} ${whatIsWrong(facts, context)} ${since}${left}.`;
}

function whatIsWrong(facts: ViolationFacts, { slo, objective, kind }: RuleContext): string {
  if (kind === 'BURN_RATE') {
    const windows = `${formatDuration(facts.longWindowMs ?? 0)} and ${formatDuration(facts.shortWindowMs ?? 0)}`;
    return `burns its error budget ${inWords(facts.burnRate ?? 0)} times as fast as allowed (above ${inWords(facts.threshold ?? 0)} over ${windows})`;
  }
  if (kind === 'BUDGET_EXHAUSTED') return `has spent its error budget of ${formatDuration(slo.windowMs)}`;
  const { unit } = sliOf(slo, objective);
  const value = valueInWords(facts.value ?? 0, unit);
  const bound = valueInWords(facts.threshold ?? 0, unit);
  const isUpper = objective.upper !== null && facts.threshold === objective.upper.value;
  return `is at ${value}, out of its ${isUpper ? 'upper' : 'lower'} bound of ${bound},`;
}

function budgetLeft(consumed: number | null, slo: SloDefinition): string {
  if (consumed === null) return '';
  const over = formatDuration(slo.windowMs);
  if (consumed > 1) return `; ${percentInWords(consumed)} of the budget of ${over} is spent`;
  return `; ${percentInWords(1 - consumed)} of the budget of ${over} is left`;
}

function titleOf({ slo, objective }: RuleContext): string {
  const name = slo.displayName ?? slo.name;
  return judgedObjectives(slo).length > 1 ? `${name} (${objective.displayName ?? objective.name})` : name;
}

function subjectOf(violation: Violation): string {
  return `${violation.slo} (${violation.objective})`;
}
