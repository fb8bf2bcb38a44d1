import type { Scope } from './access.js';
import type { ApplicationDefinition } from './application.js';
import type { EntityKey, EntityRef } from './entity.js';
import type { Problem, SourceError } from './errors.js';
import type { FamilyName, MeasurementSource, MissingReason, Perspective } from './metric.js';
import type { DataSourceStatus, Facet, Inventory } from './model.js';
import type { ObjectiveHistory } from './objective-history.js';
import type {
  Coverage,
  Definitions,
  ObjectiveDefinition,
  Severity,
  SliDefinition,
  SloDefinition,
  SloStatus,
  WindowReading,
} from './slo.js';
import type { Violation, ViolationChange, ViolationEvent, ViolationKind, ViolationStatus } from './violation.js';

/** One PromQL that an operation sent, or found answered already. */
export interface PlanEntry {
  readonly promql: string;
  readonly dataSource: string;
  readonly cached: boolean;
  readonly durationMs: number;
  /** Samples the source touched to answer; null where it does not say. */
  readonly samples: number | null;
  /** Entities this PromQL answered for. */
  readonly entities: number;
}

/** What every question to a source carries. */
export interface ReadContext {
  readonly scope: Scope;
  /** Aborted when the asker has gone away. */
  readonly signal?: AbortSignal;
  /** Called once per PromQL sent or served from the cache. */
  readonly onPlan?: (entry: PlanEntry) => void;
}

/** A value, or the failure of its source; one failing cluster never fails the others. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: SourceError };

/** The clusters that are configured, and the data sources behind them. */
export interface ClusterDirectory {
  /** In the order of configuration. */
  names(): readonly string[];
  /** Never fails: an unreachable source is a status. Answers from the last check when that is recent. */
  status(cluster: string, context: ReadContext): Promise<readonly DataSourceStatus[]>;
}

/**
 * Reads what exists. One PromQL per (vector, data source, instant), whatever the number of clusters behind the source.
 * Null: nothing is collected that could tell, so that it is not known whether there is any.
 */
export interface InventoryReader {
  read<F extends Facet>(
    facet: F,
    clusters: readonly string[],
    atMs: number,
    context: ReadContext,
  ): Promise<ReadonlyMap<string, Outcome<Inventory[F] | null>>>;
}

/** Applications beyond what the sources tell of at an instant. */
export interface ApplicationDirectory {
  /** In the order of configuration, whoever asks. */
  configured(): readonly ApplicationDefinition[];
  /** What the labels of a cluster's pods said in its last good answer; null before the first. Only what the scope may see. */
  lastKnown(cluster: string, scope: Scope): Inventory['applications'] | null;
}

/** What is asked for: a figure of the catalogue; the window and the quantile only where the figure has them. */
export interface FigureQuestion {
  readonly family: FamilyName;
  readonly windowMs?: number;
  /** 0..1, exclusive. */
  readonly quantile?: number;
  /**
   * Only about so many of each cluster, those of the greatest values: more may come, all that equal the least among them.
   * What does not come is less than all that do, or has no value where the column is whole.
   */
  readonly greatest?: number;
}

/** How a figure was measured. */
export interface Measurement {
  readonly source: MeasurementSource;
  /** As sent; a quotient has two. */
  readonly promql: readonly string[];
  readonly windowMs: number | null;
  readonly dataSource: string;
  readonly partial: boolean;
  /** Absent where a figure is not about requests, and where nobody told of any. */
  readonly perspective?: Perspective;
}

/** One value at one instant. Either `value` or `missing` is null. */
export interface Figure {
  readonly value: number | null;
  readonly missing: MissingReason | null;
  readonly atMs: number;
  readonly measurement: Measurement;
  /** Present when the source failed: for `errors`. */
  readonly error?: SourceError;
}

/** Columns over time; null where there was no sample. */
export interface FigureSeries {
  readonly stepMs: number;
  readonly timesMs: Float64Array;
  readonly values: readonly (number | null)[];
  readonly measurement: Measurement;
  readonly error?: SourceError;
}

/** Both ends inclusive; every time is a multiple of the step. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/** The answers to one question for many entities. */
export interface Column<T> {
  /** Never undefined: an entity without a sample gets a figure that says so. */
  of(entity: EntityRef): T;
  /** Keys that have a value in a cluster, sorted. */
  keys(cluster: string): readonly EntityKey[];
  /** Whether nothing was left out of a cluster because only the greatest were asked for. */
  isWhole(cluster: string): boolean;
}

/** Figures of many entities by few PromQL: one per (family, data source, window, instant). */
export interface FigureReader {
  /** `entities` may span clusters; `{ clusters }` asks for all there are. Never rejects for a failing source. */
  values(
    question: FigureQuestion,
    entities: readonly EntityRef[] | { readonly clusters: readonly string[] },
    atMs: number,
    context: ReadContext,
  ): Promise<Column<Figure>>;
  /** @throws InputError when the range has more than 11,000 points */
  series(
    question: FigureQuestion,
    entities: readonly EntityRef[],
    range: TimeRange,
    context: ReadContext,
  ): Promise<Column<FigureSeries>>;
}

/** One series of an answer to free PromQL. Either `value`, or `timesMs` and `values`, are there. */
export interface QuerySeries {
  readonly labels: Readonly<Record<string, string>>;
  /** NaN and infinities arrive as such. */
  readonly value: number | null;
  /** Of a matrix: the samples, ascending. */
  readonly timesMs: Float64Array | null;
  readonly values: Float64Array | null;
}

export interface QueryAnswer {
  readonly type: 'vector' | 'matrix' | 'scalar' | 'string';
  /** A scalar is one series without labels; a string has none. */
  readonly series: readonly QuerySeries[];
  /** What a string is; null for the others. */
  readonly text: string | null;
  /** What the source remarked; the answer may be short. */
  readonly warnings: readonly string[];
}

/** Answers free PromQL within what a scope may see. */
export interface PromqlReader {
  /**
   * Every selector gets the labels that mark the cluster, and for a scope with namespaces a test that lets only series of
   * these namespaces pass.
   * @param cluster one that is configured and that the scope sees
   * @throws InputError, with the place, for PromQL that does not parse or uses what cannot be kept within a scope; nothing
   * was sent then
   * @throws LimitError for an answer that is too large
   * @throws SourceError
   */
  query(cluster: string, promql: string, atMs: number, context: ReadContext): Promise<QueryAnswer>;
}

/** An SLI ready to be read. The engine never looks inside. */
export interface CompiledSli {
  /** SLIs with an equal key are read by the same PromQL. */
  readonly shapeKey: string;
  readonly handle: unknown;
  /** What is counted; a part is the sum of its streams. Exactly one of `good` and `bad` is there. */
  readonly streams: {
    readonly good: readonly EventStream[] | null;
    readonly bad: readonly EventStream[] | null;
    readonly total: readonly EventStream[];
    /** Minutes in which its condition held; null: it always counts. */
    readonly condition: EventStream | null;
  };
  readonly cluster: string;
  readonly dataSource: string;
  readonly source: MeasurementSource;
  /** For readers: the PromQL of each part, over a window of 5 minutes. */
  readonly promql: {
    readonly good?: string;
    readonly total?: string;
    readonly bad?: string;
    readonly raw?: string;
    readonly threshold?: string;
    readonly condition?: string;
  };
}

/**
 * A stream of events that is counted: equal keys are the same events, however many SLIs are made of them. A key is the same
 * after a restart, and changes when what is counted changes.
 */
export interface EventStream {
  readonly key: string;
  readonly dataSource: string;
  /** Streams of one group are read by the same PromQL. */
  readonly group: string;
}

/** Slices of equal length, (fromMs, fromMs + sliceMs] the first; both ends are multiples of `sliceMs`. */
export interface SliceSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly sliceMs: number;
}

/** Events of one stream by slice, oldest first. */
export interface SliceCounts {
  /** NaN: no series had a sample in that slice, so that it is not known whether anything happened. */
  readonly counts: Float64Array;
  /** 1 where a count could not be told exactly and was estimated. */
  readonly estimated: Uint8Array;
  /** The source answered with warnings: the counts may be short. */
  readonly partial: boolean;
}

export interface SliceOptions {
  /**
   * Largest events per minute of each stream that were ever trusted, by stream key. Without it a stream is judged by the
   * answer alone, and its first slice is read twice more.
   */
  readonly largest?: ReadonlyMap<string, number>;
}

/** Turns the text of an SLI into something that can be read cheaply. */
export interface SliCompiler {
  /** Problems with their places; empty when it can be compiled. Needs no data source to answer. */
  check(sli: SliDefinition, objectives: readonly ObjectiveDefinition[]): readonly Problem[];
  /** One per objective, since the bounds of a threshold SLI belong to its objective. @throws Error when `check` has problems */
  compile(sli: SliDefinition, objective: ObjectiveDefinition, cluster: string): CompiledSli;
}

/** Reads events. Equal shapes share a PromQL per (data source, window, instant). */
export interface EventSource {
  /** The same order as `slis`. `events` null in a reading: nothing was measured in that window. */
  readWindow(
    slis: readonly CompiledSli[],
    windowMs: number,
    atMs: number,
    context: ReadContext,
  ): Promise<readonly Outcome<WindowReading>[]>;
  /**
   * Events of every stream of these SLIs by slice, each event in exactly one slice: by stream key. A stream of which
   * nothing is there in a slice is NaN in it, also where it is a part of a total that was seen; a condition that did not
   * hold in it is 0. Counts that can only come from counters that were taken up late are found out and read again; what
   * stays doubtful is counted without them and marked as estimated. Asks anew every time: late samples are in the next
   * answer.
   * @throws RangeError for a span that is not made of whole slices, or has none
   */
  readSlices(
    slis: readonly CompiledSli[],
    span: SliceSpan,
    options: SliceOptions,
    context: ReadContext,
  ): Promise<ReadonlyMap<string, Outcome<SliceCounts>>>;
  /** Present value of threshold SLIs at `atMs`, in their unit; null without a sample (and for other SLIs). */
  readCurrent(
    slis: readonly CompiledSli[],
    atMs: number,
    context: ReadContext,
  ): Promise<readonly Outcome<number | null>[]>;
  /** How much of the window had samples, by slots of 1/720 of it, at least a minute; not why there are none before. */
  readCoverage(
    slis: readonly CompiledSli[],
    windowMs: number,
    atMs: number,
    context: ReadContext,
  ): Promise<readonly Outcome<Coverage>[]>;
  /** Whether a data source has samples of any series from before an instant, in milliseconds. @throws SourceError */
  reaches(dataSource: string, atMs: number, context: ReadContext): Promise<boolean>;
}

/** Definitions in force, swapped whole when they change. */
export interface DefinitionStore {
  current(): Definitions;
  /** Calls back after every change; returns how to stop that. */
  onChange(listener: (definitions: Definitions) => void): () => void;
}

/** Evaluated states, measured once and read by everybody. */
export interface SloBoard {
  /** In the order of their names; only what the scope may see. */
  all(scope: Scope): readonly SloStatus[];
  one(name: string, scope: Scope): SloStatus | null;
  /** Evaluates at a past instant, without touching what is in force. */
  at(names: readonly string[], atMs: number, context: ReadContext): Promise<readonly SloStatus[]>;
  /**
   * How an objective stood at each point of a range, from what is kept alone: its source is not asked. Null for one that is
   * not there, or that the scope does not see.
   */
  history(slo: string, objective: string, range: TimeRange, scope: Scope): ObjectiveHistory | null;
  /** What is read for an SLO's objective, for readers; null when it does not compile. */
  compiled(slo: SloDefinition, objective: ObjectiveDefinition): CompiledSli | null;
  definitions(): Definitions;
}

/** Evaluations as they come: what subscriptions to states are made of. */
export interface EvaluationFeed {
  /** The states in force, in the order of their names; a state that was evaluated again is another object. */
  statuses(scope: Scope): readonly SloStatus[];
  /** Called after every evaluation; the states are the truth, this is a hint. Returns how to stop it. */
  onEvaluated(listener: () => void): () => void;
}

/** Every field AND-ed, the values inside one OR-ed; absent means any. */
export interface ViolationQuery {
  readonly scope: Scope;
  readonly ids?: readonly string[];
  readonly statuses?: readonly ViolationStatus[];
  readonly kinds?: readonly ViolationKind[];
  readonly severities?: readonly Severity[];
  readonly slos?: readonly string[];
  readonly startedAfterMs?: number;
  readonly startedBeforeMs?: number;
  /** As they stood at that instant: later violations are absent, later resolutions undone. */
  readonly atMs?: number;
}

export interface Delivery {
  readonly violationId: string;
  readonly sink: string;
  readonly state: 'PENDING' | 'DELIVERED' | 'FAILED';
  readonly attempts: number;
  readonly lastError: string | null;
  readonly deliveredAtMs: number | null;
}

/** A position in the log of one store. */
export interface LogPosition {
  readonly epoch: string;
  readonly seq: number;
}

/** What of the log is kept: events that are young enough, and no more than so many. */
export interface Retention {
  /** Events that were stored before it may go. */
  readonly beforeMs: number;
  /** At least 1. */
  readonly maxEvents: number;
}

/** Keeps violations. What `append` returned is on disk. */
export interface ViolationStore {
  /** Appends in order, each change once: one whose `eventId` is stored already is left out of the answer. Atomic. @throws StoreError */
  append(changes: readonly ViolationChange[], nowMs: number): Promise<readonly ViolationEvent[]>;
  /** Events with seq > after, ascending. */
  events(after: number, limit: number): Promise<readonly ViolationEvent[]>;
  /** All events of one violation, ascending. */
  eventsOf(violationId: string): Promise<readonly ViolationEvent[]>;
  /** Newest start first. */
  violations(query: ViolationQuery): Promise<readonly Violation[]>;
  /** The OPENED event of every open violation with its present violation, ascending by seq, and the head they hold for. */
  snapshot(scope: Scope): Promise<{ readonly head: LogPosition; readonly events: readonly ViolationEvent[] }>;
  /** `oldest` is the first seq from which the log is whole; head.seq is 0 before the first event. */
  position(): Promise<{ readonly head: LogPosition; readonly oldest: number }>;
  saveDelivery(delivery: Delivery): Promise<void>;
  deliveriesOf(violationId: string): Promise<readonly Delivery[]>;
  /** Where a sink has got to, by seq; 0 at first. */
  sinkPosition(sink: string): Promise<number>;
  saveSinkPosition(sink: string, seq: number): Promise<void>;
  /**
   * Lets go of events beyond the retention: `oldest` moves forward. Open violations stay with all their events, and so do
   * those that ended within the retention. Answers how many events were deleted.
   */
  prune(retention: Retention): Promise<number>;
  close(): Promise<void>;
}

/** Keeps for clients that cannot how far they have got in the log of violations. */
export interface ConsumerStore {
  /** The seq that a consumer of a caller acknowledged last; null before the first time. */
  acknowledged(consumer: string, caller: string): Promise<number | null>;
  /**
   * Moves a consumer forward; a seq behind the one that is kept changes nothing. Answers the seq that is kept then.
   * @throws LimitError when the caller has too many consumers already
   * @throws StoreError
   */
  acknowledge(consumer: string, caller: string, seq: number): Promise<number>;
}

/** What a source answered for slices of some streams: what a ledger is made of. */
export interface SliceBlock {
  readonly span: SliceSpan;
  /** End of the last slice that was closed when it was asked. */
  readonly closedMs: number;
  readonly streams: readonly {
    readonly key: string;
    /** By slice, oldest first; NaN where nothing was seen. */
    readonly counts: Float64Array;
    /** 1 where a count is an estimate. */
    readonly estimated: Uint8Array;
  }[];
}

/** A stream as the ledger had it, so that what it was made of can go. */
export interface StreamSnapshot {
  readonly key: string;
  /** Opaque; null for a stream of which only blocks are kept. */
  readonly state: Uint8Array | null;
  /** When a definition last made use of it. */
  readonly usedAtMs: number;
}

/** Keeps the slices of streams. What `append` and `saveSnapshots` returned from is on disk. */
export interface LedgerStore {
  /**
   * Gives back all that is kept, in the order in which it has to be taken over: every stream once, with its last
   * snapshot, then every block since, each with those streams only whose snapshot is older.
   * @throws StoreError
   */
  load(onStream: (stream: StreamSnapshot) => void, onBlock: (block: SliceBlock) => void): Promise<void>;
  /** Atomic, and in order. @throws StoreError */
  append(blocks: readonly SliceBlock[]): Promise<void>;
  /** Each snapshot must contain all that was appended before. Blocks that every stream's snapshot contains go. @throws StoreError */
  saveSnapshots(snapshots: readonly StreamSnapshot[]): Promise<void>;
  /** Drops streams with all that is kept of them. @throws StoreError */
  forget(keys: readonly string[]): Promise<void>;
}

/** Reads of the log that wait: what subscriptions are made of. */
export interface ViolationFeed {
  /** Called after every append; the log is the truth, this is a hint. Returns how to stop it. */
  onAppend(listener: () => void): () => void;
}
