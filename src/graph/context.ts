import type { Caller } from '../domain/access.js';
import type { SourceError } from '../domain/errors.js';
import type {
  ApplicationDirectory,
  ConsumerStore,
  EvaluationFeed,
  PlanEntry,
  PromqlReader,
  ReadContext,
  ViolationFeed,
  ViolationStore,
} from '../domain/ports.js';
import { type BatchedPorts, createLoaders, type LoaderOptions, type Loaders } from './loaders.js';
import { createProblems, type GraphProblem, type GraphProblems } from './problems.js';

/** What resolvers read from. */
export interface GraphPorts extends BatchedPorts {
  readonly promql: PromqlReader;
  readonly applications: ApplicationDirectory;
  readonly store: ViolationStore;
  readonly feed: ViolationFeed;
  readonly evaluations: EvaluationFeed;
  readonly consumers: ConsumerStore;
  /** How long events are kept, in milliseconds. */
  readonly retentionMs: number;
}

/** All that resolvers know of an operation. One per HTTP operation, one per subscription. */
export interface GraphContext extends GraphPorts {
  readonly caller: Caller;
  /** The instant of every root field without `at`, in milliseconds, on the grid. */
  readonly nowMs: number;
  /** Instants are multiples of this, in milliseconds. */
  readonly gridMs: number;
  readonly signal?: AbortSignal;
  /** One entry per PromQL sent or served from cache, in order. Stays empty where the context serves a subscription. */
  readonly plan: readonly PlanEntry[];
  readonly loaders: Loaders;
  /** What questions that go past the loaders carry. */
  readonly read: ReadContext;
  /** Says once per (source, cause) that a source failed; `path` is where it was noticed first. */
  report(error: SourceError, path: readonly (string | number)[]): void;
  /** What was reported since the last call, for the transport to append to `errors`. */
  takeProblems(): readonly GraphProblem[];
}

export interface GraphContextOptions {
  readonly caller: Caller;
  /** On the grid. */
  readonly nowMs: number;
  readonly gridMs: number;
  readonly signal?: AbortSignal;
  /** False for a subscription: its context outlives its events, and each event must see new numbers. Default true. */
  readonly cache?: boolean;
}

export function createGraphContext(ports: GraphPorts, options: GraphContextOptions): GraphContext {
  const { caller, nowMs, gridMs, signal, cache = true } = options;
  const plan: PlanEntry[] = [];
  const problems: GraphProblems = createProblems();
  const read: ReadContext = {
    scope: caller.scope,
    ...(signal === undefined ? {} : { signal }),
    ...(cache ? { onPlan: (entry: PlanEntry) => plan.push(entry) } : {}),
  };
  return Object.assign(new LazyLoaders(ports, read, { cache }), ports, {
    caller,
    nowMs,
    gridMs,
    ...(signal === undefined ? {} : { signal }),
    plan,
    report: problems.report,
    takeProblems: problems.take,
  });
}

/**
 * Loaders are made when something is asked: an event of a stream mostly holds all that is wanted of it. A class, since an
 * accessor in an object literal would keep every operation in memory until the old generation is collected.
 */
class LazyLoaders {
  private made: Loaders | null = null;

  constructor(
    private readonly ports: BatchedPorts,
    readonly read: ReadContext,
    private readonly options: LoaderOptions,
  ) {}

  get loaders(): Loaders {
    this.made ??= createLoaders(this.ports, this.read, this.options);
    return this.made;
  }
}
