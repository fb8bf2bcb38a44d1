import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { encodeId } from '../domain/entity.js';
import type { MeasurementSource, Unit } from '../domain/metric.js';
import type { CalendarUnit, SliCategory, SloDefinition, SloState, SloStatus, SystemKind } from '../domain/slo.js';
import { EntityType } from './entity.type.js';
import { enumOf } from './enum-of.js';
import { LabelFilter, StringFilter } from './filter.js';
import type { Instant } from './instant.js';
import { MeasurementSourceEnum, UnitEnum } from './metric.type.js';
import { SLOStateEnum } from './objective.type.js';
import { type OrderDirection, OrderDirectionEnum } from './order.js';
import { connectionOf } from './paging.js';
import { DateTimeScalar, DurationScalar, PromQLScalar } from './scalars.js';

export const SystemKindEnum = enumOf<SystemKind>('SystemKind', 'What kind of system an SLO is about.', {
  USER_FACING: 'Serves people: availability, latency, throughput.',
  STORAGE: 'Keeps data: latency, availability, durability.',
  BIG_DATA: 'Processes data: throughput, end-to-end latency.',
  AI: 'Infers: time to first token, latency, throughput.',
  OTHER: 'None of these, or the definition does not say.',
});

export const BudgetingMethodEnum = enumOf<SloDefinition['budgetingMethod']>(
  'BudgetingMethod',
  'What an error budget is counted in.',
  {
    OCCURRENCES: 'Events: good ones of all.',
    TIMESLICES: 'Slices of time: good ones of all.',
    RATIO_TIMESLICES: "The mean of the slices' shares of good events.",
  },
);

export const SLICategoryEnum = enumOf<SliCategory>('SLICategory', 'What an SLI indicates.', {
  AVAILABILITY: 'Whether requests succeed.',
  LATENCY: 'How long requests take.',
  THROUGHPUT: 'How much is done per time.',
  DURABILITY: 'Whether what was kept is still there.',
  END_TO_END_LATENCY: 'How long data takes from one end to the other.',
  TIME_TO_FIRST_TOKEN: 'How long a model takes to begin its answer.',
  CUSTOM: 'Something else.',
});

export type SliKind = 'RATIO' | 'THRESHOLD';

export const SLIKindEnum = enumOf<SliKind>('SLIKind', 'How an SLI is measured.', {
  RATIO: 'Good events of all, or a ratio that the source computes.',
  THRESHOLD: 'A value held against the bounds of the objective: each sample counts as one event.',
});

@ObjectType('Label', { description: 'A name and a value.', simpleResolvers: true })
export class LabelType {
  @Field(() => String, { description: 'The name.' })
  readonly name!: string;
  @Field(() => String, { description: 'The value.' })
  readonly value!: string;
}

@ObjectType('SLI', {
  description: 'How it is measured, and when that counts. Queries are shown over a window of 5 minutes.',
  simpleResolvers: true,
})
export class SLIType {
  @Field(() => SLICategoryEnum, { description: 'What it indicates.' })
  readonly category!: SliCategory;
  @Field(() => SLIKindEnum, { description: 'How it is measured.' })
  readonly kind!: SliKind;
  @Field(() => UnitEnum, {
    nullable: true,
    description: 'Unit of the value of a threshold SLI; null when the definition does not say.',
  })
  readonly unit!: Unit | null;
  @Field(() => PromQLScalar, { nullable: true, description: 'Counts good events; null when measured another way.' })
  readonly good!: string | null;
  @Field(() => PromQLScalar, { nullable: true, description: 'Counts all events; null when measured another way.' })
  readonly total!: string | null;
  @Field(() => PromQLScalar, { nullable: true, description: 'Counts bad events; null when measured another way.' })
  readonly bad!: string | null;
  @Field(() => PromQLScalar, {
    nullable: true,
    description: 'The ratio as the source computes it; null when measured another way.',
  })
  readonly raw!: string | null;
  @Field(() => PromQLScalar, {
    nullable: true,
    description: 'The value that is held against the bounds; null when measured another way.',
  })
  readonly threshold!: string | null;
  @Field(() => PromQLScalar, {
    nullable: true,
    description: 'It counts while this holds; null when no PromQL says when it counts.',
  })
  readonly condition!: string | null;
  @Field(() => [String], { description: 'Conditions under which it counts, as they were written: words and settings.' })
  readonly conditions!: readonly string[];
  @Field(() => MeasurementSourceEnum, { description: 'The exporter its figures come from.' })
  readonly source!: MeasurementSource;
  @Field(() => String, { description: 'Name of the data source that is asked.' })
  readonly dataSource!: string;
}

export const CalendarUnitEnum = enumOf<CalendarUnit>('CalendarUnit', 'What a calendar window is measured in.', {
  DAY: 'Days, of 23 to 25 hours where clocks are turned.',
  WEEK: 'Weeks of seven days.',
  MONTH: 'Months of the calendar.',
  QUARTER: 'Three months.',
  YEAR: 'Twelve months.',
});

@ObjectType('TimeWindow', {
  description:
    'The time over which an objective is held. A rolling one has a duration, a calendar one a unit and a zone.',
  simpleResolvers: true,
})
export class TimeWindowType {
  @Field(() => Boolean, { description: 'Whether it moves with time.' })
  readonly rolling!: boolean;
  @Field(() => DurationScalar, { nullable: true, description: 'Length of a rolling window; null for a calendar one.' })
  readonly duration!: number | null;
  @Field(() => CalendarUnitEnum, {
    nullable: true,
    description: 'What a calendar window is measured in; null for a rolling one.',
  })
  readonly calendarUnit!: CalendarUnit | null;
  @Field(() => Int, { nullable: true, description: 'How many units a calendar window has; null for a rolling one.' })
  readonly calendarCount!: number | null;
  @Field(() => String, {
    nullable: true,
    description: 'IANA name of the zone by whose clock a calendar window begins and ends; null for a rolling one.',
  })
  readonly timeZone!: string | null;
  @Field(() => DateTimeScalar, { description: 'Where it begins.' })
  readonly start!: number;
  @Field(() => DateTimeScalar, { description: 'Where it ends; a calendar window goes on until then.' })
  readonly end!: number;
}

@ObjectType('SLO', {
  implements: EntityType,
  description:
    'An SLI with its objectives over a window; or a composite, whose objectives have an SLI each and one budget together.',
  simpleResolvers: true,
})
export class SLOType implements EntityType {
  @Field(() => ID, { description: 'Opaque and stable.' })
  readonly id: string;
  @Field(() => String, { description: 'Unique name.' })
  readonly name: string;
  @Field(() => String, { nullable: true, description: 'Name for people; null when the definition gives none.' })
  readonly displayName: string | null;
  @Field(() => String, { nullable: true, description: 'What it is for; null when the definition does not say.' })
  readonly description: string | null;
  @Field(() => SystemKindEnum, { description: 'What kind of system it is about.' })
  readonly systemKind: SystemKind;
  @Field(() => BudgetingMethodEnum, { description: 'What its budget is counted in.' })
  readonly budgetingMethod: SloDefinition['budgetingMethod'];
  @Field(() => SLOStateEnum, {
    description: 'Worst state of its objectives; of a composite, the state of all of them together.',
  })
  readonly state: SloState;
  @Field(() => String, { nullable: true, description: 'Why it is in that state; null when there is nothing to say.' })
  readonly stateReason: string | null;
  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'The instant it was evaluated for; null before the first time.',
  })
  readonly evaluatedAt: number | null;

  constructor(
    readonly status: SloStatus,
    readonly instant: Instant,
  ) {
    const { definition } = status;
    this.id = encodeId('SLO', definition.name);
    this.name = definition.name;
    this.displayName = definition.displayName;
    this.description = definition.description;
    this.systemKind = definition.systemKind;
    this.budgetingMethod = definition.budgetingMethod;
    this.state = status.state;
    this.stateReason = status.stateReason;
    this.evaluatedAt = status.evaluatedAtMs;
  }
}

export const SLOConnection = connectionOf('SLO', () => SLOType);

@InputType('SLOFilter', { description: 'Which SLOs: every condition that is given must hold.' })
export class SLOFilter {
  @Field(() => StringFilter, { nullable: true, description: 'Name of the SLO.' })
  readonly name?: StringFilter | null;
  @Field(() => StringFilter, { nullable: true, description: 'Name of the cluster it is measured in.' })
  readonly cluster?: StringFilter | null;
  @Field(() => StringFilter, {
    nullable: true,
    description: 'Name of its application: as the definition says, else that of its microservice; empty without one.',
  })
  readonly application?: StringFilter | null;
  @Field(() => StringFilter, {
    nullable: true,
    description: 'Its microservice, by name or as `namespace/name`; empty where the definition names none.',
  })
  readonly microservice?: StringFilter | null;
  @Field(() => [SLICategoryEnum], { nullable: true, description: 'One of these categories.' })
  readonly category?: readonly SliCategory[] | null;
  @Field(() => [SLOStateEnum], { nullable: true, description: 'One of these states.' })
  readonly state?: readonly SloState[] | null;
  @Field(() => [LabelFilter], {
    nullable: true,
    description: 'Labels of the definition; every filter must hold. A label that is not there counts as empty.',
  })
  readonly labels?: readonly LabelFilter[] | null;
}

export const SLOOrderFieldEnum = enumOf('SLOOrderField', 'What SLOs are ordered by.', {
  NAME: 'Name.',
  REMAINING_BUDGET: 'Share of the budget that is left, of the objective with the least.',
  BURN_RATE: 'Burn rate over one hour, of the objective with the highest.',
  STATE: 'State, worst first when ascending.',
});

@InputType('SLOOrder', { description: 'Order of SLOs; those without a value come last in either direction.' })
export class SLOOrder {
  @Field(() => SLOOrderFieldEnum, { description: 'What to order by.' })
  readonly by!: keyof typeof SLOOrderFieldEnum;
  @Field(() => OrderDirectionEnum, { defaultValue: 'ASC', description: 'Which end comes first.' })
  readonly direction!: OrderDirection;
}
