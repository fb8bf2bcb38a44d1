import { Field, ObjectType } from 'type-graphql';
import type { ObjectiveHistory } from '../domain/objective-history.js';
import { finite } from './objective.type.js';
import { DateTimeScalar, DurationScalar } from './scalars.js';

const RATIO = "Good share of the SLO's window that ended then, 0..1; null where nothing counts or is known.";
const REMAINING = 'Share of the budget that was left, below 0 when overspent; null where not known.';
const BURN_RATE =
  'Burn rate over the hour until then, over a slice where that is longer, over all of a shorter window; null where not known.';
const COVERAGE = "Share of the SLO's window that was seen, 0..1.";
const ESTIMATED =
  'Whether ratio and budget are made from less than the whole window, since some of it was not read or was to come, or from estimates.';

@ObjectType('ObjectiveHistoryPoint', { description: 'How an objective stood at one instant.', simpleResolvers: true })
export class ObjectiveHistoryPointType {
  @Field(() => DateTimeScalar, { description: 'When.' })
  readonly time!: number;
  @Field(() => Number, { nullable: true, description: RATIO })
  readonly ratio!: number | null;
  @Field(() => Number, { nullable: true, description: REMAINING })
  readonly remainingRatio!: number | null;
  @Field(() => Number, { nullable: true, description: BURN_RATE })
  readonly burnRate!: number | null;
  @Field(() => Number, { description: COVERAGE })
  readonly coverage!: number;
  @Field(() => Boolean, { description: ESTIMATED })
  readonly isEstimated!: boolean;
}

@ObjectType('ObjectiveHistory', {
  description:
    'How an objective stood over time, in columns, from the counts that are kept; no data source is asked. At each point it is what an evaluation at that instant says.',
  simpleResolvers: true,
})
export class ObjectiveHistoryType {
  @Field(() => DurationScalar, { description: 'Distance of the points.' })
  readonly step: number;
  @Field(() => [Number], { description: 'Seconds since the epoch, ascending, one per value.' })
  readonly times: readonly number[];
  @Field(() => [Number], { nullable: 'items', description: RATIO })
  readonly ratio: readonly (number | null)[];
  @Field(() => [Number], { nullable: 'items', description: REMAINING })
  readonly remainingRatio: readonly (number | null)[];
  @Field(() => [Number], { nullable: 'items', description: BURN_RATE })
  readonly burnRate: readonly (number | null)[];
  @Field(() => [Number], { description: COVERAGE })
  readonly coverage: readonly number[];
  @Field(() => [Boolean], { description: ESTIMATED })
  readonly isEstimated: readonly boolean[];

  constructor(stepMs: number, history: ObjectiveHistory) {
    this.step = stepMs;
    this.times = history.timesMs.map((timeMs) => timeMs / 1_000);
    this.ratio = history.ratio.map(finite);
    this.remainingRatio = history.remainingRatio.map(finite);
    this.burnRate = history.burnRate.map(finite);
    this.coverage = history.coverage;
    this.isEstimated = history.estimated;
  }

  @Field(() => [ObjectiveHistoryPointType], { description: 'The same, point by point.' })
  points(): readonly ObjectiveHistoryPointType[] {
    return this.times.map((seconds, index) => ({
      time: seconds * 1_000,
      ratio: this.ratio[index] ?? null,
      remainingRatio: this.remainingRatio[index] ?? null,
      burnRate: this.burnRate[index] ?? null,
      coverage: this.coverage[index] ?? 0,
      isEstimated: this.isEstimated[index] ?? false,
    }));
  }
}
