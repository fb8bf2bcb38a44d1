import { createUnionType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { encodeId } from '../domain/entity.js';
import type { Delivery, LogPosition } from '../domain/ports.js';
import type { Severity } from '../domain/slo.js';
import type {
  Violation,
  ViolationEvent,
  ViolationKind,
  ViolationStatus,
  ViolationTransition,
} from '../domain/violation.js';
import { encodeStreamCursor } from './cursor.js';
import { EntityType } from './entity.type.js';
import { enumOf } from './enum-of.js';
import { StringFilter } from './filter.js';
import type { Instant } from './instant.js';
import { finite, SeverityEnum } from './objective.type.js';
import { type OrderDirection, OrderDirectionEnum } from './order.js';
import { connectionOf } from './paging.js';
import { CursorScalar, DateTimeScalar, DurationScalar } from './scalars.js';

export const ViolationKindEnum = enumOf<ViolationKind>('ViolationKind', 'Which rule was broken.', {
  BURN_RATE: 'The budget is spent too fast, over a long and a short window.',
  BUDGET_EXHAUSTED: 'The budget is gone.',
  THRESHOLD: 'A value is out of its bounds.',
});

export const ViolationStatusEnum = enumOf<ViolationStatus>('ViolationStatus', 'Whether a violation goes on.', {
  OPEN: 'It goes on.',
  RESOLVED: 'It is over.',
});

export const ViolationTransitionEnum = enumOf<ViolationTransition>(
  'ViolationTransition',
  'What happened to a violation.',
  {
    OPENED: 'It began.',
    SEVERITY_CHANGED: 'It goes on with another severity.',
    RESOLVED: 'It is over.',
  },
);

@ObjectType('Violation', {
  implements: EntityType,
  description: "A span of time in which an objective's rule was broken. At most one of a kind is open per objective.",
  simpleResolvers: true,
})
export class ViolationType implements EntityType {
  @Field(() => ID, { description: 'Opaque and stable.' })
  readonly id: string;
  @Field(() => String, { description: 'Name of its SLO, also after its definition is gone.' })
  readonly sloName: string;
  @Field(() => ViolationKindEnum, { description: 'Which rule was broken.' })
  readonly kind: ViolationKind;
  @Field(() => SeverityEnum, { description: 'How soon somebody should look: of the most severe pair that fires.' })
  readonly severity: Severity;
  @Field(() => ViolationStatusEnum, { description: 'Whether it goes on.' })
  readonly status: ViolationStatus;
  @Field(() => DateTimeScalar, { description: 'When it began.' })
  readonly startedAt: number;
  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was over; null while it goes on.' })
  readonly resolvedAt: number | null;
  @Field(() => DurationScalar, {
    description: 'How long it lasted; while it goes on, up to the instant it is looked at.',
  })
  readonly duration: number;
  @Field(() => String, { description: 'What is wrong, in a sentence.' })
  readonly message: string;
  @Field(() => Number, {
    nullable: true,
    description: 'Burn rate over the long window when last evaluated; null where it has none.',
  })
  readonly burnRate: number | null;
  @Field(() => Number, { nullable: true, description: 'Highest burn rate so far; null where it has none.' })
  readonly peakBurnRate: number | null;
  @Field(() => Number, {
    nullable: true,
    description: 'Share of the whole budget that was spent when last evaluated; null when not known.',
  })
  readonly budgetConsumed: number | null;
  @Field(() => DurationScalar, {
    nullable: true,
    description: 'Long window of the pair that fires; null where it has none.',
  })
  readonly longWindow: number | null;
  @Field(() => DurationScalar, {
    nullable: true,
    description: 'Short window of the pair that fires; null where it has none.',
  })
  readonly shortWindow: number | null;
  @Field(() => Number, {
    nullable: true,
    description: 'What was passed: a burn rate, or a bound in the unit of the SLI; null where it has none.',
  })
  readonly threshold: number | null;
  @Field(() => Number, {
    nullable: true,
    description: 'Value of a threshold SLI when last evaluated, in its unit; null for others.',
  })
  readonly value: number | null;

  constructor(
    readonly violation: Violation,
    readonly instant: Instant,
  ) {
    this.id = encodeId('Violation', violation.id);
    this.sloName = violation.slo;
    this.kind = violation.kind;
    this.severity = violation.severity;
    this.status = violation.status;
    this.startedAt = violation.startedAtMs;
    this.resolvedAt = violation.resolvedAtMs;
    this.duration = Math.max(0, (violation.resolvedAtMs ?? instant.atMs) - violation.startedAtMs);
    this.message = violation.message;
    this.burnRate = finite(violation.burnRate);
    this.peakBurnRate = finite(violation.peakBurnRate);
    this.budgetConsumed = finite(violation.budgetConsumed);
    this.longWindow = violation.longWindowMs;
    this.shortWindow = violation.shortWindowMs;
    this.threshold = finite(violation.threshold);
    this.value = finite(violation.value);
  }
}

export const ViolationConnection = connectionOf('Violation', () => ViolationType);

@ObjectType('ViolationEvent', {
  description: 'A fact about a violation, kept before it was sent.',
  simpleResolvers: true,
})
export class ViolationEventType {
  @Field(() => CursorScalar, { description: 'Its place in the stream: pass it as `after` to go on from here.' })
  readonly cursor: string;
  @Field(() => ID, { description: 'Equal for the same fact, whoever tells it: what to recognise a repetition by.' })
  readonly eventId: string;
  @Field(() => ViolationTransitionEnum, { description: 'What happened.' })
  readonly transition: ViolationTransition;
  @Field(() => ViolationType, { description: 'The violation as it stood afterwards; in a snapshot, as it stands now.' })
  readonly violation: ViolationType;
  @Field(() => DateTimeScalar, { description: 'The instant whose figures showed it.' })
  readonly evaluatedAt: number;
  @Field(() => DateTimeScalar, { description: 'When it was kept.' })
  readonly emittedAt: number;
  @Field(() => Boolean, {
    description: 'Whether it was found out later than it should have been, after a gap in evaluation.',
  })
  readonly late: boolean;

  constructor(event: ViolationEvent, epoch: string, instant: Instant) {
    this.cursor = encodeStreamCursor({ epoch, seq: event.seq });
    this.eventId = event.eventId;
    this.transition = event.transition;
    this.violation = new ViolationType(event.violation, instant);
    this.evaluatedAt = event.evaluatedAtMs;
    this.emittedAt = event.emittedAtMs;
    this.late = event.late;
  }
}

@ObjectType('StreamBookmark', {
  description: 'Up to here all was sent that passes the filter: keep the cursor, also when nothing happens.',
  simpleResolvers: true,
})
export class StreamBookmarkType {
  @Field(() => CursorScalar, { description: 'The place reached.' })
  readonly cursor: string;
  @Field(() => Boolean, {
    description: 'True for the bookmark that ends a snapshot or a replay; false for those that break a silence.',
  })
  readonly snapshotComplete: boolean;
  @Field(() => DateTimeScalar, { description: 'When it was sent.' })
  readonly at: number;

  constructor(position: LogPosition, snapshotComplete: boolean, atMs: number) {
    this.cursor = encodeStreamCursor(position);
    this.snapshotComplete = snapshotComplete;
    this.at = atMs;
  }
}

export type ResetReason = 'EXPIRED' | 'EPOCH_CHANGED';

export const ResetReasonEnum = enumOf<ResetReason>('ResetReason', 'Why a stream cannot go on from a cursor.', {
  EXPIRED: 'Events after it are no longer kept.',
  EPOCH_CHANGED: 'It is of another store: the present one was replaced.',
});

@ObjectType('StreamReset', {
  description: 'The stream cannot go on from the cursor without a gap: forget what you hold, a snapshot follows.',
  simpleResolvers: true,
})
export class StreamResetType {
  @Field(() => ResetReasonEnum, { description: 'Why.' })
  readonly reason: ResetReason;
  @Field(() => CursorScalar, { description: 'The oldest place the stream can go on from.' })
  readonly oldestAvailable: string;
  @Field(() => Boolean, { description: 'Whether the open violations follow, ended by a bookmark.' })
  readonly snapshotFollows: boolean;

  constructor(reason: ResetReason, oldestAvailable: LogPosition) {
    this.reason = reason;
    this.oldestAvailable = encodeStreamCursor(oldestAvailable);
    this.snapshotFollows = true;
  }
}

export type ViolationStreamItem = ViolationEventType | StreamBookmarkType | StreamResetType;

export const ViolationStreamItemUnion = createUnionType({
  name: 'ViolationStreamItem',
  description: 'What the stream of violations sends.',
  types: () => [ViolationEventType, StreamBookmarkType, StreamResetType] as const,
});

export const DeliveryStateEnum = enumOf<Delivery['state']>('DeliveryState', 'Whether a receiver has a violation.', {
  PENDING: 'Not yet.',
  DELIVERED: 'It took it.',
  FAILED: 'It refused it, or did not answer too often.',
});

@ObjectType('Delivery', { description: 'How telling a receiver of a violation went.', simpleResolvers: true })
export class DeliveryType {
  @Field(() => String, { description: 'Name of the receiver.' })
  readonly sink: string;
  @Field(() => DeliveryStateEnum, { description: 'Whether it has it.' })
  readonly state: Delivery['state'];
  @Field(() => Int, { description: 'How often it was tried.' })
  readonly attempts: number;
  @Field(() => String, { nullable: true, description: 'Why the last try failed; null when it did not.' })
  readonly lastError: string | null;
  @Field(() => DateTimeScalar, { nullable: true, description: 'When it took it last; null when it never did.' })
  readonly deliveredAt: number | null;

  constructor(delivery: Delivery) {
    this.sink = delivery.sink;
    this.state = delivery.state;
    this.attempts = delivery.attempts;
    this.lastError = delivery.lastError;
    this.deliveredAt = delivery.deliveredAtMs;
  }
}

@InputType('ViolationFilter', { description: 'Which violations: every condition that is given must hold.' })
export class ViolationFilter {
  @Field(() => StringFilter, { nullable: true, description: 'Name of the SLO.' })
  readonly slo?: StringFilter | null;
  @Field(() => StringFilter, { nullable: true, description: 'Name of the cluster.' })
  readonly cluster?: StringFilter | null;
  @Field(() => StringFilter, {
    nullable: true,
    description:
      'Name of the application: as the SLO says, else that of its microservice; empty without one. A subscription does not look at the labels of pods.',
  })
  readonly application?: StringFilter | null;
  @Field(() => StringFilter, {
    nullable: true,
    description: 'The microservice, by name or as `namespace/name`; empty where there is none.',
  })
  readonly microservice?: StringFilter | null;
  @Field(() => [SeverityEnum], { nullable: true, description: 'One of these severities.' })
  readonly severity?: readonly Severity[] | null;
  @Field(() => [ViolationKindEnum], { nullable: true, description: 'One of these kinds.' })
  readonly kind?: readonly ViolationKind[] | null;
  @Field(() => [ViolationStatusEnum], { nullable: true, description: 'One of these.' })
  readonly status?: readonly ViolationStatus[] | null;
  @Field(() => DateTimeScalar, { nullable: true, description: 'Began then or later.' })
  readonly startedAfter?: number | null;
  @Field(() => DateTimeScalar, { nullable: true, description: 'Began before then.' })
  readonly startedBefore?: number | null;
}

export const ViolationOrderFieldEnum = enumOf('ViolationOrderField', 'What violations are ordered by.', {
  STARTED_AT: 'When they began.',
  SEVERITY: 'Severity: PAGE is the largest.',
  BURN_RATE: 'Burn rate when last evaluated.',
});

@InputType('ViolationOrder', {
  description: 'Order of violations; those without a value come last in either direction.',
})
export class ViolationOrder {
  @Field(() => ViolationOrderFieldEnum, { description: 'What to order by.' })
  readonly by!: keyof typeof ViolationOrderFieldEnum;
  @Field(() => OrderDirectionEnum, { defaultValue: 'DESC', description: 'Which end comes first.' })
  readonly direction!: OrderDirection;
}
