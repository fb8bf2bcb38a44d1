import { type GraphQLResolveInfo, responsePathAsArray } from 'graphql';
import { Arg, createParameterDecorator } from 'type-graphql';
import type { EntityRef } from '../domain/entity.js';
import { InputError, type SourceError } from '../domain/errors.js';
import { type FamilyName, type MetricFamily, metricFamilies } from '../domain/metric.js';
import type { Facet, Inventory } from '../domain/model.js';
import type { Column, Figure, FigureQuestion, Outcome } from '../domain/ports.js';
import type { GraphContext } from './context.js';
import { type Fact, type FactsByKey, type KeyedFacet, told } from './facts.js';
import type { Instant } from './instant.js';
import { MetricType } from './metric.type.js';
import { DurationScalar } from './scalars.js';

const MIN_WINDOW_MS = 1_000;
const MAX_WINDOW_MS = 366 * 86_400_000;

/** Something of a cluster, looked at at an instant. */
export interface Placed {
  readonly ref: EntityRef;
  readonly instant: Instant;
}

export interface FigureOptions {
  readonly windowMs?: number | null | undefined;
  readonly quantile?: number | null | undefined;
}

/** What a field asks of the sources: failures are reported on the field's path, and the answer is null. */
export class Asking {
  constructor(
    readonly context: GraphContext,
    private readonly path: GraphQLResolveInfo['path'],
  ) {}

  report(error: SourceError): void {
    this.context.report(error, responsePathAsArray(this.path));
  }

  /** A figure of an entity. @throws InputError for a window or a quantile outside its range */
  metric(family: FamilyName, { ref, instant }: Placed, options: FigureOptions = {}): Promise<MetricType> {
    const question = questionOf(family, options);
    return this.context.loaders.columnOf(question, ref, instant.atMs).then((column) => {
      const figure = column.of(ref);
      if (figure.error !== undefined) this.report(figure.error);
      return new MetricType(question, ref, figure);
    });
  }

  /** The figures of all that has one in a cluster; null when that cannot be known. */
  async column(
    family: FamilyName,
    cluster: string,
    instant: Instant,
    options: FigureOptions = {},
  ): Promise<Column<Figure> | null> {
    const column = await this.columnOutcome(family, cluster, instant, options);
    return typeof column === 'string' ? null : column;
  }

  /** The same, where it matters why it cannot be known. */
  async columnOutcome(
    family: FamilyName,
    cluster: string,
    instant: Instant,
    options: FigureOptions = {},
  ): Promise<Column<Figure> | 'FAILED' | 'NOT_COLLECTED'> {
    const column = await this.context.loaders.column(questionOf(family, options), cluster, instant.atMs);
    const { error, missing } = column.of({ cluster, key: '' });
    if (error !== undefined) this.report(error);
    if (error !== undefined) return 'FAILED';
    return missing === 'NOT_COLLECTED' ? 'NOT_COLLECTED' : column;
  }

  /** A part of a cluster's inventory; null when it is not known: its source did not answer, or collects nothing of it. */
  async facet<F extends Facet>(facet: F, cluster: string, instant: Instant): Promise<Inventory[F] | null> {
    const outcome = await this.facetOutcome(facet, cluster, instant);
    return outcome.ok ? outcome.value : null;
  }

  /** The same, where it matters which of the two. */
  async facetOutcome<F extends Facet>(
    facet: F,
    cluster: string,
    instant: Instant,
  ): Promise<Outcome<Inventory[F] | null>> {
    const outcome = await this.context.loaders.facet(facet, cluster, instant.atMs);
    if (!outcome.ok) this.report(outcome.error);
    return outcome;
  }

  /** A fact of an entity; null when it is not known. */
  async fact<F extends KeyedFacet, T>(wanted: Fact<F, T>, entity: Placed): Promise<T | null> {
    const known = await this.facet(wanted.facet, entity.ref.cluster, entity.instant);
    return known === null ? null : told(wanted, known as FactsByKey<F>, entity.ref.key);
  }
}

/** Gives a resolver its `Asking`. */
export function Ask(): ParameterDecorator {
  return createParameterDecorator<GraphContext>(
    ({ context, info }) => new Asking(context, info.path),
  ) as ParameterDecorator;
}

/** The window of a rate. */
export function WindowArg(defaultMs = 300_000): ParameterDecorator {
  return Arg('window', () => DurationScalar, {
    nullable: true,
    defaultValue: defaultMs,
    description: 'Over how long, up to the instant: 1s to 366d.',
  }) as ParameterDecorator;
}

/** The quantile of a latency. */
export function QuantileArg(): ParameterDecorator {
  return Arg('quantile', () => Number, {
    nullable: true,
    defaultValue: 0.95,
    description: 'Which quantile: 0.95 is what 95 % of the requests did not exceed. Above 0 and below 1.',
  }) as ParameterDecorator;
}

export const DEFAULT_QUANTILE = 0.95;

/** @throws InputError */
export function questionOf(family: FamilyName, { windowMs, quantile }: FigureOptions): FigureQuestion {
  const { windowMs: defaultWindowMs }: MetricFamily = metricFamilies[family];
  const window = windowMs ?? defaultWindowMs;
  if (window !== undefined && !(window >= MIN_WINDOW_MS && window <= MAX_WINDOW_MS)) {
    throw new InputError(`window must be within 1s..366d, got ${window / 1_000} s`);
  }
  if (quantile === undefined) return { family, ...(window === undefined ? {} : { windowMs: window }) };
  const share = quantile ?? DEFAULT_QUANTILE;
  if (!(share > 0 && share < 1)) throw new InputError(`quantile must be above 0 and below 1, got ${share}`);
  return { family, ...(window === undefined ? {} : { windowMs: window }), quantile: share };
}
