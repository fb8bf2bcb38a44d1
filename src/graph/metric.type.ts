import { Field, ObjectType } from 'type-graphql';
import type { EntityRef } from '../domain/entity.js';
import {
  type MeasurementSource,
  type MissingReason,
  metricFamilies,
  type Perspective,
  type Unit,
} from '../domain/metric.js';
import type { Figure, FigureQuestion, FigureSeries, Measurement } from '../domain/ports.js';
import { enumOf } from './enum-of.js';
import { DateTimeScalar, DurationScalar, PromQLScalar } from './scalars.js';

export const UnitEnum = enumOf<Unit>('Unit', 'Unit of a figure.', {
  RATIO: 'A share, 0..1.',
  SECONDS: 'Seconds.',
  CORES: 'CPU cores: 1 is one core busy all the time.',
  BYTES: 'Bytes.',
  BYTES_PER_SECOND: 'Bytes per second.',
  REQUESTS_PER_SECOND: 'Requests per second.',
  COUNT: 'A number of things.',
  PER_SECOND: 'Events per second.',
  TOKENS_PER_SECOND: 'Tokens per second.',
  CELSIUS: 'Degrees Celsius.',
  WATTS: 'Watts.',
  HERTZ: 'Cycles per second.',
});

export const MissingReasonEnum = enumOf<MissingReason>('MissingReason', 'Why there is no value.', {
  NO_SAMPLE: 'The source answered and has no sample of it at that time.',
  NO_EVENTS: 'Nothing happened in the window, so that a ratio or a quantile means nothing.',
  NOT_COLLECTED: 'The source collects nothing of the kind: the exporter is not there.',
  SOURCE_UNAVAILABLE: 'The source did not answer, or refused the question.',
  SOURCE_TIMEOUT: 'The source did not answer in time.',
  NOT_A_NUMBER: 'The source answered with something that JSON has no number for: not a number, or an infinite one.',
});

/** No figure and no SLI comes from the ledger. */
export const MeasurementSourceEnum = enumOf<Exclude<MeasurementSource, 'LEDGER'>>(
  'MeasurementSource',
  'Which exporter a figure or an SLI comes from.',
  {
    NODE_EXPORTER: 'node_exporter: machines.',
    CADVISOR: 'cAdvisor: containers as the kernel accounts them.',
    KUBE_STATE_METRICS: 'kube-state-metrics: objects of Kubernetes.',
    ISTIO: 'Istio: requests between services.',
    DCGM: 'DCGM: GPUs.',
    INFERENCE_SERVER: 'A model server.',
    STORAGE: 'A storage system.',
    STREAMING: 'An event stream.',
    CUSTOM: 'PromQL of a definition.',
  },
);

const PerspectiveEnum = enumOf<Perspective>('Perspective', 'Whose proxy told of requests.', {
  CLIENT: 'The callers’: also what never reached a server. Callers outside the mesh are not among them.',
  SERVER: 'The server’s own, or that of the waypoint before it: what reached it, whoever called.',
});

@ObjectType('Measurement', { description: 'How a figure was measured.', simpleResolvers: true })
export class MeasurementType {
  @Field(() => MeasurementSourceEnum, { description: 'The exporter; for a quotient, that of its numerator.' })
  readonly source: MeasurementSource;
  @Field(() => [PromQLScalar], { description: 'As sent. A quotient may take two; empty when nothing was asked.' })
  readonly promql: readonly string[];
  @Field(() => DurationScalar, {
    nullable: true,
    description: 'The window of a rate; null for what is read at an instant.',
  })
  readonly window: number | null;
  @Field(() => String, { description: 'Name of the data source that was asked.' })
  readonly dataSource: string;
  @Field(() => Boolean, { description: 'Whether the source answered with warnings, so that the value may be short.' })
  readonly partial: boolean;
  @Field(() => PerspectiveEnum, {
    nullable: true,
    description:
      'Whose view of the mesh was taken; null where a figure is not about requests, and where nobody told of any.',
  })
  readonly perspective: Perspective | null;

  constructor(measurement: Measurement) {
    this.source = measurement.source;
    this.promql = measurement.promql;
    this.window = measurement.windowMs;
    this.dataSource = measurement.dataSource;
    this.partial = measurement.partial;
    this.perspective = measurement.perspective ?? null;
  }
}

@ObjectType('Metric', { description: 'One figure of one entity at one instant.', simpleResolvers: true })
export class MetricType {
  @Field(() => Number, {
    nullable: true,
    description: 'In `unit`. Null when it is not known, and `missing` tells why: never 0 in place of unknown.',
  })
  readonly value: number | null;
  @Field(() => MissingReasonEnum, { nullable: true, description: 'Why there is no value; null when there is one.' })
  readonly missing: MissingReason | null;
  @Field(() => UnitEnum, { description: 'Unit of `value`.' })
  readonly unit: Unit;
  @Field(() => DateTimeScalar, { description: 'The instant it holds for.' })
  readonly at: number;
  constructor(
    readonly question: FigureQuestion,
    readonly entity: EntityRef,
    private readonly figure: Figure,
  ) {
    const isNumber = Number.isFinite(figure.value);
    this.value = isNumber ? figure.value : null;
    this.missing = isNumber ? null : (figure.missing ?? 'NOT_A_NUMBER');
    this.unit = metricFamilies[question.family].unit;
    this.at = figure.atMs;
  }

  @Field(() => MeasurementType, { description: 'How it was measured: source, PromQL as sent, window.' })
  measurement(): MeasurementType {
    return new MeasurementType(this.figure.measurement);
  }
}

@ObjectType('Point', { description: 'One value of a series.', simpleResolvers: true })
export class PointType {
  @Field(() => DateTimeScalar, { description: 'When.' })
  readonly time!: number;
  @Field(() => Number, { nullable: true, description: 'In the unit of the series; null where there was no sample.' })
  readonly value!: number | null;
}

@ObjectType('Series', {
  description: 'A figure over time, in columns, so that long ranges stay small.',
  simpleResolvers: true,
})
export class SeriesType {
  @Field(() => UnitEnum, { description: 'Unit of the values.' })
  readonly unit: Unit;
  @Field(() => DurationScalar, { description: 'Distance of the points.' })
  readonly step: number;
  @Field(() => [Number], { description: 'Seconds since the epoch, ascending, one per value.' })
  readonly times: readonly number[];
  @Field(() => [Number], { nullable: 'items', description: 'In `unit`; null where there was no sample.' })
  readonly values: readonly (number | null)[];
  @Field(() => [PromQLScalar], { description: 'As sent.' })
  readonly promql: readonly string[];

  constructor(unit: Unit, series: FigureSeries) {
    this.unit = unit;
    this.step = series.stepMs;
    this.times = Array.from(series.timesMs, (timeMs) => timeMs / 1_000);
    this.values = series.values.map((value) => (Number.isFinite(value) ? value : null));
    this.promql = series.measurement.promql;
  }

  @Field(() => [PointType], { description: 'The same, point by point.' })
  points(): readonly PointType[] {
    return this.times.map((seconds, index) => ({ time: seconds * 1_000, value: this.values[index] ?? null }));
  }
}
