import { Field, ID, ObjectType } from 'type-graphql';
import { encodeId } from '../domain/entity.js';
import type { BurnRateAlertStatus, Coverage, ErrorBudget, ObjectiveStatus, Severity, SloState } from '../domain/slo.js';
import { enumOf } from './enum-of.js';
import { DateTimeScalar, DurationScalar } from './scalars.js';

export const SLOStateEnum = enumOf<SloState>('SLOState', 'How an SLO or an objective stands. Worst first.', {
  VIOLATED: 'The budget is gone, or a PAGE violation is open, or a bounded value is out of its bounds.',
  AT_RISK:
    'Another violation is open, or at the burn rate of the last hour the budget could be gone within one window.',
  STALE: 'The last known state, kept because its source does not answer.',
  NO_DATA: 'Nothing was ever or recently measured; of a composite: in one of its members at least.',
  NO_EVENTS: 'Measured, but nothing happened.',
  OK: 'None of these.',
});

export const SeverityEnum = enumOf<Severity>('Severity', 'How soon somebody should look.', {
  PAGE: 'Now.',
  TICKET: 'Within days.',
  INFO: 'When there is time.',
});

@ObjectType('ErrorBudget', {
  description: 'The bad share that an objective allows, and what is left of it.',
  simpleResolvers: true,
})
export class ErrorBudgetType {
  @Field(() => Number, { description: 'Allowed bad share, 0..1.' })
  readonly total: number;
  @Field(() => Number, {
    nullable: true,
    description: 'Spent share of the budget; above 1 when overspent; null when not known.',
  })
  readonly consumedRatio: number | null;
  @Field(() => Number, {
    nullable: true,
    description: 'Share of the budget that is left; below 0 when overspent; null when not known.',
  })
  readonly remainingRatio: number | null;
  @Field(() => Number, {
    nullable: true,
    description:
      'Bad events that may still happen, or whole slices that may still be bad, at the total of the window: that so far, of a calendar window that expected at its end. Null when not known, and for a composite of events.',
  })
  readonly remainingEvents: number | null;
  @Field(() => DurationScalar, {
    nullable: true,
    description: 'How long everything may be bad until it is gone; null when not known.',
  })
  readonly remainingTime: number | null;
  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'The earliest it can be gone, at the burn rate of the last hour: errors that leave a rolling window until then are not credited. Null if never, if a calendar window ends before, or not known.',
  })
  readonly exhaustsAt: number | null;
  @Field(() => Boolean, {
    description:
      'Whether it was computed from less than the whole window: some of it is to come, was not read, or was estimated.',
  })
  readonly isEstimated: boolean;

  constructor(budget: ErrorBudget) {
    this.total = budget.total;
    this.consumedRatio = finite(budget.consumedRatio);
    this.remainingRatio = finite(budget.remainingRatio);
    this.remainingEvents = finite(budget.remainingEvents);
    this.remainingTime = finite(budget.remainingTimeMs);
    this.exhaustsAt = instantOrNull(budget.exhaustsAtMs);
    this.isEstimated = budget.isEstimated;
  }
}

@ObjectType('Coverage', { description: 'How much of the window was really seen.', simpleResolvers: true })
export class CoverageType {
  @Field(() => Number, {
    description:
      'Share of the window with samples, 0..1; 0 also when its source could not be asked: then nothing was seen.',
  })
  readonly ratio: number;
  @Field(() => DateTimeScalar, { nullable: true, description: 'The oldest sample; null without any.' })
  readonly oldest: number | null;
  @Field(() => DateTimeScalar, { nullable: true, description: 'The newest sample; null without any.' })
  readonly newest: number | null;
  @Field(() => DurationScalar, { nullable: true, description: 'How old the newest sample is; null without any.' })
  readonly age: number | null;
  @Field(() => Boolean, {
    description:
      'Whether the source has no samples of the beginning of the window (it keeps them for less, or is younger), and none were kept of it here.',
  })
  readonly retentionShorterThanWindow: boolean;
  @Field(() => Boolean, { description: 'Whether the source answered with warnings, so that counts may be short.' })
  readonly partial: boolean;

  constructor(coverage: Coverage, atMs: number) {
    this.ratio = coverage.ratio ?? 0;
    this.oldest = coverage.oldestMs;
    this.newest = coverage.newestMs;
    this.age = coverage.newestMs === null ? null : Math.max(0, atMs - coverage.newestMs);
    this.retentionShorterThanWindow = coverage.retentionShorterThanWindow;
    this.partial = coverage.partial;
  }
}

@ObjectType('BurnRateAlert', {
  description: 'A multi-window pair: fires when the burn rate over both windows is above the threshold.',
  simpleResolvers: true,
})
export class BurnRateAlertType {
  @Field(() => SeverityEnum, { description: 'Severity of the violation it opens.' })
  readonly severity: Severity;
  @Field(() => DurationScalar, { description: 'The window that shows it matters.' })
  readonly longWindow: number;
  @Field(() => DurationScalar, { description: 'The window that shows it goes on.' })
  readonly shortWindow: number;
  @Field(() => Number, { description: 'Burn rate above which it fires.' })
  readonly threshold: number;
  @Field(() => Number, { nullable: true, description: 'Burn rate over the long window; null when nothing counts.' })
  readonly longBurnRate: number | null;
  @Field(() => Number, { nullable: true, description: 'Burn rate over the short window; null when nothing counts.' })
  readonly shortBurnRate: number | null;
  @Field(() => Boolean, { description: 'Whether it fires.' })
  readonly firing: boolean;
  @Field(() => DateTimeScalar, { nullable: true, description: 'Since when it fires; null when it does not.' })
  readonly since: number | null;
  @Field(() => Number, { description: 'Share of the whole budget that is spent when it fires, 0..1.' })
  readonly budgetSpentWhenFired: number;

  constructor(alert: BurnRateAlertStatus) {
    this.severity = alert.severity;
    this.longWindow = alert.longWindowMs;
    this.shortWindow = alert.shortWindowMs;
    this.threshold = alert.factor;
    this.longBurnRate = finite(alert.longBurnRate);
    this.shortBurnRate = finite(alert.shortBurnRate);
    this.firing = alert.firing;
    this.since = alert.sinceMs;
    this.budgetSpentWhenFired = alert.budgetShare;
  }
}

@ObjectType('Objective', { description: 'A target for an SLI over the window of its SLO.', simpleResolvers: true })
export class ObjectiveType {
  @Field(() => ID, { description: 'Opaque and stable.' })
  readonly id: string;
  @Field(() => String, { nullable: true, description: 'Its name for people; null when the definition gives none.' })
  readonly displayName: string | null;
  @Field(() => Number, { description: 'Share of good events, or slices, promised: 0 <= target < 1.' })
  readonly target: number;
  @Field(() => Number, {
    nullable: true,
    description: 'What it weighs among the objectives of a composite; null where the SLO is none.',
  })
  readonly weight: number | null;
  @Field(() => Number, {
    nullable: true,
    description: 'Least good share of a slice that counts as good; null unless slices are counted.',
  })
  readonly timeSliceTarget: number | null;
  @Field(() => DurationScalar, { nullable: true, description: 'Length of a slice; null where events are counted.' })
  readonly timeSliceWindow: number | null;
  @Field(() => Number, {
    nullable: true,
    description: 'Lower bound of a threshold SLI, in its unit; null without one.',
  })
  readonly lower: number | null;
  @Field(() => Number, {
    nullable: true,
    description: 'Upper bound of a threshold SLI, in its unit; null without one.',
  })
  readonly upper: number | null;
  @Field(() => Number, { nullable: true, description: 'The SLI over the whole window, 0..1; null without events.' })
  readonly ratio: number | null;
  @Field(() => Number, {
    nullable: true,
    description:
      'Good events in the window, or slices where these are counted; null when nothing was measured, and for a composite of events, which are of different kinds.',
  })
  readonly good: number | null;
  @Field(() => Number, {
    nullable: true,
    description:
      'All events in the window, or slices where these are counted; null when nothing was measured, and for a composite of events, which are of different kinds.',
  })
  readonly total: number | null;
  @Field(() => Number, {
    nullable: true,
    description:
      'Bad events in the window, or slices where these are counted; null when nothing was measured, and for a composite of events, which are of different kinds.',
  })
  readonly bad: number | null;
  @Field(() => Number, {
    nullable: true,
    description: 'Present value of a threshold SLI, in its unit; null for others, or without a sample.',
  })
  readonly current: number | null;
  @Field(() => ErrorBudgetType, { description: 'The bad share allowed, and what is left of it.' })
  readonly errorBudget: ErrorBudgetType;
  @Field(() => SLOStateEnum, { description: 'How it stands.' })
  readonly state: SloState;
  @Field(() => CoverageType, { description: 'How much of the window was really seen.' })
  readonly coverage: CoverageType;

  constructor(
    readonly slo: string,
    readonly status: ObjectiveStatus,
    readonly atMs: number,
  ) {
    const { objective, events, budget, coverage } = status;
    this.id = encodeId('Objective', slo, objective.name);
    this.displayName = objective.displayName;
    this.target = Number(objective.target);
    this.weight = objective.weight === null ? null : Number(objective.weight);
    this.timeSliceTarget = objective.timeSliceTarget === null ? null : Number(objective.timeSliceTarget);
    this.timeSliceWindow = objective.timeSliceWindowMs;
    this.lower = objective.lower?.value ?? null;
    this.upper = objective.upper?.value ?? null;
    this.ratio = finite(status.ratio);
    this.good = finite(events?.good ?? null);
    this.total = finite(events?.total ?? null);
    this.bad = finite(events?.bad ?? null);
    this.current = finite(status.current);
    this.errorBudget = new ErrorBudgetType(budget);
    this.state = status.state;
    this.coverage = new CoverageType(coverage, atMs);
  }
}

/** JSON has no infinite numbers. */
export function finite(value: number | null): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Beyond what a date can say is as good as never. */
function instantOrNull(timeMs: number | null): number | null {
  return timeMs !== null && Math.abs(timeMs) <= 253_402_300_799_999 ? timeMs : null;
}
