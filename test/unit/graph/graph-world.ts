import { graphql } from 'graphql';
import { everything, type Right, type Scope, scopeOf, seesCluster } from '../../../src/domain/access.js';
import type { ApplicationDefinition } from '../../../src/domain/application.js';
import type { EntityRef } from '../../../src/domain/entity.js';
import { SourceError } from '../../../src/domain/errors.js';
import type { Inventory } from '../../../src/domain/model.js';
import type { ObjectiveHistory } from '../../../src/domain/objective-history.js';
import type {
  Column,
  Figure,
  FigureQuestion,
  FigureSeries,
  LogPosition,
  Outcome,
  QueryAnswer,
  TimeRange,
} from '../../../src/domain/ports.js';
import { type ObjectiveDefinition, type SloStatus, sliOf } from '../../../src/domain/slo.js';
import type { Violation, ViolationEvent } from '../../../src/domain/violation.js';
import { createGraphContext, type GraphPorts } from '../../../src/graph/context.js';
import { collectedErrors } from '../../../src/graph/problems.js';
import { createSchema } from '../../../src/graph/schema.js';
import { anObjective, anSli } from '../domain/slo-examples.js';

export const T0 = Date.UTC(2026, 0, 4, 12);
export const schema = createSchema();

/** What the ports of a test know, by cluster; and what they were asked. */
export interface World {
  readonly clusters: readonly string[];
  /** Data sources that do not answer. */
  readonly dead?: readonly string[];
  /** Why a question that its source could answer otherwise is not answered. */
  readonly failure?: (question: FigureQuestion, cluster: string) => SourceError | null;
  readonly inventory?: Readonly<Record<string, Partial<Inventory>>>;
  readonly applications?: readonly ApplicationDefinition[];
  /** What labels of pods said before a source died, by cluster. */
  readonly lastKnown?: Readonly<Record<string, Inventory['applications']>>;
  /** Null: no sample. */
  readonly value?: (question: FigureQuestion, entity: EntityRef, atMs: number) => number | null;
  /** Keys with a value, for what is listed by its figures. */
  readonly keys?: (question: FigureQuestion, cluster: string) => readonly string[];
  /** Turns of the event loop until a read answers; at once by default. */
  readonly turns?: (what: string) => number;
  readonly slos?: readonly SloStatus[];
  readonly history?: (slo: string, objective: string, range: TimeRange) => ObjectiveHistory;
  readonly violations?: readonly Violation[];
  readonly log?: readonly ViolationEvent[];
  readonly scope?: Scope;
  readonly rights?: readonly Right[];
  readonly promql?: QueryAnswer;
  readonly cache?: boolean;
}

export interface Calls {
  readonly values: { question: FigureQuestion; count: number; atMs: number }[];
  readonly series: { question: FigureQuestion; count: number; range: TimeRange }[];
  readonly facets: { facet: string; clusters: readonly string[]; atMs: number }[];
  readonly board: { names: readonly string[]; atMs: number }[];
  readonly promql: { cluster: string; promql: string; atMs: number }[];
}

/** Ports as object literals over a world. */
export function portsOf(world: World): { readonly ports: GraphPorts; readonly calls: Calls } {
  const calls: Calls = { values: [], series: [], facets: [], board: [], promql: [] };
  const errorOf = (cluster: string) =>
    world.dead?.includes(cluster)
      ? new SourceError('UNAVAILABLE', `prometheus-${cluster}`, 'connection refused')
      : null;
  const slos = world.slos ?? [];
  const ports: GraphPorts = {
    clusters: {
      names: () => world.clusters,
      status: async (cluster) => [
        {
          name: `prometheus-${cluster}`,
          kind: null,
          version: '2.42.0',
          reachable: errorOf(cluster) === null,
          error: errorOf(cluster)?.message ?? null,
          latencySeconds: 0.01,
          checkedAtMs: T0,
        },
      ],
    },
    applications: {
      configured: () => world.applications ?? [],
      lastKnown: (cluster) => world.lastKnown?.[cluster] ?? null,
    },
    inventory: {
      read: async <F extends keyof Inventory>(facet: F, clusters: readonly string[], atMs: number) => {
        calls.facets.push({ facet, clusters, atMs });
        await turns(world.turns?.(facet) ?? 0);
        const empty = facet === 'namespaces' ? new Set() : new Map();
        const outcomes = clusters.map((cluster): [string, Outcome<Inventory[F]>] => {
          const error = errorOf(cluster);
          const value = (world.inventory?.[cluster]?.[facet] ?? empty) as Inventory[F];
          return [cluster, error === null ? { ok: true, value } : { ok: false, error }];
        });
        return new Map(outcomes);
      },
    },
    figures: {
      values: async (question, entities, atMs) => {
        await turns(world.turns?.(question.family) ?? 0);
        calls.values.push({ question, count: 'clusters' in entities ? -1 : entities.length, atMs });
        return columnOf(question, (entity): Figure => {
          const error = errorOf(entity.cluster) ?? world.failure?.(question, entity.cluster) ?? null;
          const value = error === null ? (world.value?.(question, entity, atMs) ?? null) : null;
          return {
            value,
            missing: value !== null ? null : error === null ? 'NO_SAMPLE' : 'SOURCE_UNAVAILABLE',
            atMs,
            measurement: measured(question, entity),
            ...(error === null ? {} : { error }),
          };
        });
      },
      series: async (question, entities, range) => {
        calls.series.push({ question, count: entities.length, range });
        return columnOf(question, (entity): FigureSeries => {
          const timesMs = Float64Array.from(
            { length: (range.toMs - range.fromMs) / range.stepMs + 1 },
            (_, index) => range.fromMs + index * range.stepMs,
          );
          const values = Array.from(timesMs, (atMs) => world.value?.(question, entity, atMs) ?? null);
          return { stepMs: range.stepMs, timesMs, values, measurement: measured(question, entity) };
        });
      },
    },
    board: {
      all: (scope) => slos.filter(({ definition }) => seesCluster(scope, definition.cluster)),
      one: (name, scope) =>
        slos.find(({ definition }) => definition.name === name && seesCluster(scope, definition.cluster)) ?? null,
      at: async (names, atMs) => {
        calls.board.push({ names, atMs });
        return slos
          .filter(({ definition }) => names.includes(definition.name))
          .map((status) => ({ ...status, evaluatedAtMs: atMs }));
      },
      history: (slo, objective, range) => world.history?.(slo, objective, range) ?? null,
      compiled: (slo, objective) => ({
        shapeKey: 'shape',
        handle: null,
        streams: { good: [], bad: null, total: [], condition: null },
        cluster: 'edge',
        dataSource: 'prometheus-edge',
        source: 'ISTIO',
        promql: {
          good: `good_${objective.name.replaceAll('-', '_')}`,
          total: 'total',
          ...whenOf(slo, objective),
        },
      }),
      definitions: () => ({
        slos: slos.map(({ definition }) => definition),
        problems: [
          { file: 'a.yaml', line: 3, column: 5, path: 'spec.service', message: 'is missing', severity: 'ERROR' },
        ],
      }),
    },
    promql: {
      query: async (cluster, promql, atMs) => {
        calls.promql.push({ cluster, promql, atMs });
        return world.promql ?? { type: 'vector', series: [], text: null, warnings: [] };
      },
    },
    store: storeOf(world.violations ?? [], [...(world.log ?? [])]),
    feed: { onAppend: () => () => {} },
    evaluations: {
      statuses: (scope) => slos.filter(({ definition }) => seesCluster(scope, definition.cluster)),
      onEvaluated: () => () => {},
    },
    consumers: { acknowledged: async () => null, acknowledge: async (_consumer, _caller, seq) => seq },
    retentionMs: 7 * 86_400_000,
  };
  return { ports, calls };

  function columnOf<T>(question: FigureQuestion, of: (entity: EntityRef) => T): Column<T> {
    return { of, keys: (cluster) => world.keys?.(question, cluster) ?? [], isWhole: () => true };
  }
}

/** Runs an operation over a world: its data, the errors of execution by code, and those of the sources. */
export async function ask(world: World, source: string, variableValues: Record<string, unknown> = {}) {
  const { ports, calls } = portsOf(world);
  const caller = { name: 'test', scope: world.scope ?? everything, rights: new Set<Right>(world.rights ?? ['read']) };
  const contextValue = createGraphContext(ports, { caller, nowMs: T0, gridMs: 5_000, cache: world.cache ?? true });
  const { data, errors = [] } = await graphql({ schema, source, variableValues, contextValue });
  return {
    data: data as Readonly<Record<string, unknown>> | null,
    codes: errors.map(
      ({ originalError, message }) => (originalError as { code?: string } | undefined)?.code ?? message,
    ),
    sourceErrors: collectedErrors(contextValue),
    calls,
  };
}

export const onlyNamespace = (namespace: string) => scopeOf(null, [namespace]);

function measured({ windowMs }: FigureQuestion, { cluster }: EntityRef) {
  return {
    source: 'CUSTOM' as const,
    promql: ['up'],
    windowMs: windowMs ?? null,
    dataSource: `prometheus-${cluster}`,
    partial: false,
  };
}

/** A log in memory; `log` may be appended to from outside. */
export function storeOf(
  violations: readonly Violation[],
  log: ViolationEvent[],
  head: () => LogPosition = () => ({ epoch: 'e1', seq: log.at(-1)?.seq ?? 0 }),
): GraphPorts['store'] {
  const never = async (): Promise<never> => {
    throw new Error('the graph only reads');
  };
  return {
    append: never,
    events: async (after, limit) => log.filter(({ seq }) => seq > after).slice(0, limit),
    eventsOf: async (id) => log.filter(({ violation }) => violation.id === id),
    violations: async ({ ids, slos, statuses, kinds }) =>
      violations.filter(
        ({ id, slo, status, kind }) =>
          (ids?.includes(id) ?? true) &&
          (slos?.includes(slo) ?? true) &&
          (statuses?.includes(status) ?? true) &&
          (kinds?.includes(kind) ?? true),
      ),
    snapshot: async () => {
      const resolved = new Set(
        log.filter(({ transition }) => transition === 'RESOLVED').map(({ violation }) => violation.id),
      );
      const events = log.filter(({ transition, violation }) => transition === 'OPENED' && !resolved.has(violation.id));
      return { head: head(), events };
    },
    position: async () => ({ head: head(), oldest: log[0]?.seq ?? 1 }),
    saveDelivery: never,
    deliveriesOf: async (violationId) => [
      { violationId, sink: 'alertmanager', state: 'DELIVERED', attempts: 1, lastError: null, deliveredAtMs: T0 },
    ],
    sinkPosition: never,
    saveSinkPosition: never,
    prune: never,
    close: async () => {},
  };
}

export function violation(overrides: Partial<Violation> = {}): Violation {
  return {
    id: 'v1',
    slo: 'detector-latency',
    objective: 'objective-1',
    revision: 'r1',
    cluster: 'edge',
    microservice: { namespace: 'crosswalk', name: 'detector' },
    application: 'crosswalk',
    kind: 'BURN_RATE',
    severity: 'PAGE',
    status: 'OPEN',
    startedAtMs: T0 - 60_000,
    resolvedAtMs: null,
    message: 'burns 20 times too fast',
    burnRate: 20,
    peakBurnRate: 25,
    budgetConsumed: 0.03,
    longWindowMs: 3_600_000,
    shortWindowMs: 300_000,
    threshold: 14.4,
    value: null,
    ...overrides,
  };
}

export function event(seq: number, overrides: Partial<ViolationEvent> = {}): ViolationEvent {
  return {
    seq,
    eventId: `event-${seq}`,
    transition: 'OPENED',
    violation: violation({ id: `v${seq}` }),
    evaluatedAtMs: T0 - 58_000,
    emittedAtMs: T0 - 57_000,
    late: false,
    ...overrides,
  };
}

function whenOf(slo: SloStatus['definition'], objective: ObjectiveDefinition) {
  const { when } = sliOf(slo, objective).counting;
  return when === null ? {} : { condition: when.text };
}

export function slo(
  name: string,
  overrides: Partial<SloStatus> = {},
  definition: Partial<SloStatus['definition']> = {},
): SloStatus {
  const objective = anObjective();
  return {
    composite: null,
    definition: {
      name,
      displayName: null,
      description: null,
      service: 'crosswalk',
      labels: { team: ['vision'] },
      cluster: 'edge',
      microservice: { namespace: 'crosswalk', name: 'detector' },
      application: null,
      systemKind: 'USER_FACING',
      sli: anSli({
        measure: {
          kind: 'TEMPLATE',
          call: { template: 'microservice-availability', parameters: {}, path: '', line: 1, column: 1 },
        },
      }),
      objectives: [objective],
      window: { kind: 'ROLLING', durationMs: 30 * 86_400_000 },
      windowMs: 30 * 86_400_000,
      budgetingMethod: 'OCCURRENCES',
      minEvents: 0,
      minFailures: 0,
      confidence: null,
      noData: 'IGNORE',
      burnRateRules: [],
      source: { file: 'slos.yaml', line: 1, format: 'OPENSLO_V1', revision: 'r1', text: 'text', warnings: [] },
      ...definition,
    },
    state: 'OK',
    stateReason: null,
    evaluatedAtMs: T0,
    objectives: [
      {
        objective,
        state: 'OK',
        stateReason: null,
        ratio: 0.9995,
        events: { good: 9_995, bad: 5, total: 10_000 },
        current: null,
        budget: {
          total: 0.001,
          consumedRatio: 0.5,
          remainingRatio: 0.5,
          remainingEvents: 5,
          remainingTimeMs: 1_296_000_000.4,
          exhaustsAtMs: null,
          isEstimated: false,
        },
        burnRates: new Map([[3_600_000, Number.POSITIVE_INFINITY]]),
        alerts: [],
        coverage: { ratio: null, oldestMs: null, newestMs: null, retentionShorterThanWindow: false, partial: false },
      },
    ],
    ...overrides,
  };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
