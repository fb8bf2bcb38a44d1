import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { windowAt } from '../domain/evaluation.js';
import type { SloBoard } from '../domain/ports.js';
import type { ObjectiveDefinition, ObjectiveStatus, SliDefinition, SloDefinition } from '../domain/slo.js';
import { ApplicationType } from './application.type.js';
import { Ask, type Asking } from './asking.js';
import { AtArg } from './at-arg.js';
import { ClusterType } from './cluster.type.js';
import type { GraphContext } from './context.js';
import { DefinitionProblemType, DefinitionSourceType } from './definition.type.js';
import { instantOf } from './instant.js';
import { ownerOf } from './memberships.js';
import { MicroserviceType } from './microservice.type.js';
import { BurnRateAlertType, finite, ObjectiveType } from './objective.type.js';
import { ObjectiveHistoryType } from './objective-history.type.js';
import { AfterArg, FirstArg, type Page } from './paging.js';
import { DurationScalar } from './scalars.js';
import { GOOD_POINTS, MAX_POINTS, rangeOf } from './series-range.js';
import {
  LabelType,
  SLIType,
  SLOConnection,
  SLOFilter,
  SLOOrder,
  SLOType,
  type SliKind,
  TimeWindowType,
} from './slo.type.js';
import { judgedIn, sloNamed, sloPage } from './slo-list.js';
import { ViolationConnection, ViolationFilter, type ViolationType } from './violation.type.js';
import { violationPage } from './violation-list.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

@Resolver(() => SLOType)
export class SLOResolver {
  @Query(() => SLOConnection, { description: 'SLOs, by name by default. With `at`, evaluated for that instant.' })
  slos(
    @Arg('filter', () => SLOFilter, { nullable: true, description: 'Which ones; all by default.' })
    filter: SLOFilter | null,
    @Arg('orderBy', () => SLOOrder, { nullable: true, description: 'By name by default.' }) orderBy: SLOOrder | null,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @AtArg() atMs: number | null,
    @Ask() ask: Asking,
  ): Promise<Page<SLOType>> {
    return sloPage(ask, instantOf(ask.context, atMs), { filter, orderBy, first, after });
  }

  @Query(() => SLOType, { nullable: true, description: 'An SLO; null when there is none of that name.' })
  slo(
    @Arg('name', () => String, { description: 'Its name.' }) name: string,
    @AtArg() atMs: number | null,
    @Ctx() context: GraphContext,
  ): Promise<SLOType | null> {
    return sloNamed(context, name, instantOf(context, atMs));
  }

  @Query(() => [DefinitionProblemType], {
    description:
      'Definitions that could not be loaded, with file, line and cause; the last good version keeps running. None for callers that may not see everything: what a broken definition is about is not known, so neither is who may see it.',
  })
  definitionProblems(@Ctx() { board, caller }: GraphContext): readonly DefinitionProblemType[] {
    const { clusters, namespaces } = caller.scope;
    if (clusters !== null || namespaces !== null) return [];
    return board.definitions().problems.map((problem) => new DefinitionProblemType(problem));
  }

  @FieldResolver(() => [LabelType], { description: 'Labels of the definition, sorted.' })
  labels(@Root() { status }: SLOType): readonly LabelType[] {
    return Object.entries(status.definition.labels)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, values]) => values.map((value) => ({ name, value })));
  }

  @FieldResolver(() => MicroserviceType, {
    nullable: true,
    description: 'What it is about; null when the definition names none.',
  })
  microservice(@Root() { status, instant }: SLOType): MicroserviceType | null {
    const { cluster, microservice } = status.definition;
    return microservice && new MicroserviceType(cluster, microservice.namespace, microservice.name, instant);
  }

  @FieldResolver(() => ApplicationType, {
    nullable: true,
    description: 'The application that the definition names, else that of its microservice; null when neither tells.',
  })
  application(@Root() { status, instant }: SLOType, @Ask() ask: Asking): Promise<ApplicationType | null> {
    return ownerOf(ask, status.definition, instant);
  }

  @FieldResolver(() => ClusterType, {
    nullable: true,
    description: 'Where it is measured; null when it is not configured any more.',
  })
  cluster(@Root() { status, instant }: SLOType, @Ctx() { clusters }: GraphContext): ClusterType | null {
    const name = status.definition.cluster;
    return clusters.names().includes(name) ? new ClusterType(name, instant) : null;
  }

  @FieldResolver(() => SLIType, {
    nullable: true,
    description:
      'How it is measured; with several objectives, as for the first. Null for a composite, whose objectives each have their own.',
  })
  sli(@Root() { status }: SLOType, @Ctx() { board }: GraphContext): SLIType | null {
    const { definition, objectives } = status;
    const objective = definition.objectives[0] ?? objectives[0]?.objective;
    return definition.sli === null ? null : sliTypeOf(definition, definition.sli, objective, board);
  }

  @FieldResolver(() => [ObjectiveType], {
    description: 'Its objectives, in the order of the definition; of a composite, its members.',
  })
  objectives(@Root() slo: SLOType): readonly ObjectiveType[] {
    return slo.status.objectives.map((objective) => objectiveOf(slo, objective));
  }

  @FieldResolver(() => ObjectiveType, {
    nullable: true,
    description:
      'What the members of a composite are together, by their weights: its ratio, budget and burn rates. Its state is that of the SLO, and violations are opened for it, not for its members. Null where the SLO is no composite.',
  })
  composite(@Root() slo: SLOType): ObjectiveType | null {
    const { composite } = slo.status;
    return composite === null ? null : objectiveOf(slo, composite);
  }

  @FieldResolver(() => TimeWindowType, { description: 'The time over which its objectives are held.' })
  window(@Root() { status, instant }: SLOType): TimeWindowType {
    const { definition } = status;
    const { window } = definition;
    const { fromMs, toMs } = windowAt(definition, status.evaluatedAtMs ?? instant.atMs);
    const ends = { start: fromMs, end: toMs };
    if (window.kind === 'ROLLING') {
      return {
        ...ends,
        rolling: true,
        duration: window.durationMs,
        calendarUnit: null,
        calendarCount: null,
        timeZone: null,
      };
    }
    const { unit, count, timeZone } = window;
    return { ...ends, rolling: false, duration: null, calendarUnit: unit, calendarCount: count, timeZone };
  }

  @FieldResolver(() => [BurnRateAlertType], {
    description:
      'Burn-rate pairs of all its objectives, objective by objective; of a composite, those of all together.',
  })
  burnRateAlerts(@Root() { status }: SLOType): readonly BurnRateAlertType[] {
    return judgedIn(status).flatMap(({ alerts }) => alerts.map((alert) => new BurnRateAlertType(alert)));
  }

  @FieldResolver(() => ViolationConnection, { description: 'Its violations, newest first.' })
  violations(
    @Root() { name, instant }: SLOType,
    @Arg('filter', () => ViolationFilter, { nullable: true, description: 'Which ones; all by default.' })
    filter: ViolationFilter | null,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @Ask() ask: Asking,
  ): Promise<Page<ViolationType>> {
    return violationPage(ask, instant, { filter, first, after }, undefined, { slos: [name] });
  }

  @FieldResolver(() => DefinitionSourceType, { description: 'Where its definition came from.' })
  definition(@Root() { status }: SLOType): DefinitionSourceType {
    return new DefinitionSourceType(status.definition.source);
  }
}

@Resolver(() => ObjectiveType)
export class ObjectiveResolver {
  @FieldResolver(() => SLIType, {
    nullable: true,
    description: 'Its own indicator in a composite; null where that of the SLO counts.',
  })
  sli(@Root() { slo, status: { objective } }: ObjectiveType, @Ctx() { board, caller }: GraphContext): SLIType | null {
    const definition = board.one(slo, caller.scope)?.definition;
    if (objective.sli === null || definition === undefined) return null;
    return sliTypeOf(definition, objective.sli, objective, board);
  }

  @FieldResolver(() => Number, {
    nullable: true,
    description:
      'How many times faster than allowed the budget is spent: 1 spends it exactly in one window. Known for the windows of `burnRateAlerts` and that of the SLO; null for others, and where nothing counts.',
  })
  burnRate(
    @Root() { status }: ObjectiveType,
    @Arg('window', () => DurationScalar, { nullable: true, defaultValue: 3_600_000, description: 'Over how long.' })
    windowMs: number | null,
  ): number | null {
    return finite(status.burnRates.get(windowMs ?? 3_600_000) ?? null);
  }

  @FieldResolver(() => ObjectiveHistoryType, {
    description: `How it stood until the instant it was evaluated for. At most ${MAX_POINTS} points.`,
  })
  async history(
    @Root() { slo, status: { objective }, atMs }: ObjectiveType,
    @Arg('last', () => DurationScalar, {
      nullable: true,
      defaultValue: 30 * DAY_MS,
      description: 'How long, up to that instant. Of times before anything was counted nothing is known.',
    })
    lastMs: number | null,
    @Arg('step', () => DurationScalar, {
      nullable: true,
      description: `Distance of the points, 1m or more; by default a round one that gives up to ${GOOD_POINTS} points. Old counts are kept by the hour, and then by the day: points between get the windows that ended before them.`,
    })
    stepMs: number | null,
    @Ctx() { loaders }: GraphContext,
  ): Promise<ObjectiveHistoryType> {
    const range = rangeOf(Math.max(0, atMs - (lastMs ?? 30 * DAY_MS)), atMs, stepMs, MINUTE_MS);
    return new ObjectiveHistoryType(range.stepMs, await loaders.history(slo, objective.name, range));
  }
}

/** An objective that violations are about, as it stands; null when there is none of that name. */
export function objectiveNamed(slo: SLOType, name: string): ObjectiveType | null {
  const { objectives, composite } = slo.status;
  const found = [...objectives, composite].find((one) => one?.objective.name === name) ?? null;
  return found === null ? null : objectiveOf(slo, found);
}

function objectiveOf({ name, status, instant }: SLOType, objective: ObjectiveStatus): ObjectiveType {
  return new ObjectiveType(name, objective, status.evaluatedAtMs ?? instant.atMs);
}

function sliTypeOf(
  definition: SloDefinition,
  sli: SliDefinition,
  objective: ObjectiveDefinition | undefined,
  board: SloBoard,
): SLIType {
  const compiled = objective === undefined ? null : board.compiled(definition, objective);
  const { good = null, total = null, bad = null, raw = null } = compiled?.promql ?? {};
  const { threshold = null, condition = null } = compiled?.promql ?? {};
  const { category, unit, conditions } = sli;
  return {
    ...{ category, unit, conditions, good, total, bad, raw, threshold, condition },
    kind: kindOf(sli, threshold !== null),
    source: compiled?.source ?? 'CUSTOM',
    dataSource: compiled?.dataSource ?? definition.cluster,
  };
}

function kindOf({ measure }: SliDefinition, isThreshold: boolean): SliKind {
  return measure.kind === 'THRESHOLD' || isThreshold ? 'THRESHOLD' : 'RATIO';
}
