/** What the stream needs to go on: every selection of `violations` has to ask for these fields. */
export type StreamItem =
  | { readonly __typename: 'ViolationEvent'; readonly cursor: string }
  | { readonly __typename: 'StreamBookmark'; readonly cursor: string; readonly snapshotComplete: boolean }
  | { readonly __typename: 'StreamReset'; readonly snapshotFollows: boolean };

/** A violation, by the fields of the default document. Times are RFC 3339 in UTC. */
export interface WatchedViolation {
  readonly id: string;
  readonly sloName: string;
  readonly kind: 'BURN_RATE' | 'BUDGET_EXHAUSTED' | 'THRESHOLD';
  readonly severity: 'PAGE' | 'TICKET' | 'INFO';
  readonly status: 'OPEN' | 'RESOLVED';
  readonly startedAt: string;
  readonly resolvedAt: string | null;
  readonly message: string;
  readonly burnRate: number | null;
  /** Share of the whole error budget that was spent; 1 is all of it. */
  readonly budgetConsumed: number | null;
}

/** A transition, kept before it was sent. `eventId` is equal for the same fact, whoever tells it and however often. */
export interface ViolationEvent {
  readonly __typename: 'ViolationEvent';
  readonly cursor: string;
  readonly eventId: string;
  readonly transition: 'OPENED' | 'SEVERITY_CHANGED' | 'RESOLVED';
  readonly evaluatedAt: string;
  readonly emittedAt: string;
  readonly late: boolean;
  readonly violation: WatchedViolation;
}

/** A place in the stream without an event: the end of a snapshot or replay, or a sign of life. */
export interface StreamBookmark {
  readonly __typename: 'StreamBookmark';
  readonly cursor: string;
  readonly snapshotComplete: boolean;
  readonly at: string;
}

/** The stream cannot go on without a gap: forget what is held; the open violations follow. */
export interface StreamReset {
  readonly __typename: 'StreamReset';
  readonly reason: 'EPOCH_CHANGED' | 'EXPIRED';
  readonly snapshotFollows: boolean;
}

export type ViolationStreamItem = ViolationEvent | StreamBookmark | StreamReset;

/** Selects what `ViolationStreamItem` declares. */
export const defaultDocument = `subscription Violations($after: Cursor, $filter: ViolationFilter) {
  violations(after: $after, filter: $filter) {
    __typename
    ... on ViolationEvent {
      cursor eventId transition evaluatedAt emittedAt late
      violation { id sloName kind severity status startedAt resolvedAt message burnRate budgetConsumed }
    }
    ... on StreamBookmark { cursor snapshotComplete at }
    ... on StreamReset { reason snapshotFollows }
  }
}`;

/** @throws TypeError that says which field a document does not ask for */
export function checkedItem<T extends StreamItem>(data: unknown): T {
  const item = Object.values((data ?? {}) as Record<string, unknown>)[0] as Partial<Record<string, unknown>> | null;
  const type = item?.__typename;
  const needed =
    type === 'ViolationEvent'
      ? ['cursor']
      : type === 'StreamBookmark'
        ? ['cursor', 'snapshotComplete']
        : type === 'StreamReset'
          ? ['snapshotFollows']
          : ['__typename'];
  const missing = needed.find((field) => item?.[field] === undefined);
  if (missing !== undefined) {
    throw new TypeError(
      `the document does not ask for ${missing}${type === undefined ? '' : ` of ${String(type)}`}: the stream cannot go on without it`,
    );
  }
  return item as unknown as T;
}
