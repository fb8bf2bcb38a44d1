import { Field, ObjectType } from 'type-graphql';
import type { QueryAnswer, QuerySeries } from '../domain/ports.js';
import { DateTimeScalar } from './scalars.js';
import { LabelType } from './slo.type.js';

@ObjectType('QueryResultSeries', { description: 'One series of an answer to free PromQL.', simpleResolvers: true })
export class QueryResultSeriesType {
  @Field(() => [LabelType], { description: 'Its labels, by name; the metric is `__name__`.' })
  readonly labels: readonly LabelType[];
  @Field(() => Number, {
    nullable: true,
    description: 'The value at `at`. Null in a matrix, and for what is not a number or infinite.',
  })
  readonly value: number | null;
  @Field(() => [Number], {
    nullable: true,
    description: 'In a matrix: seconds since the epoch, ascending, one per value; else null.',
  })
  readonly times: readonly number[] | null;
  @Field(() => [Number], {
    nullable: 'itemsAndList',
    description: 'In a matrix: the samples, null for what is not a number or infinite; else null.',
  })
  readonly values: readonly (number | null)[] | null;

  constructor({ labels, value, timesMs, values }: QuerySeries) {
    const names = Object.keys(labels).sort();
    this.labels = names.map((name) => ({ name, value: labels[name] as string }));
    this.value = finite(value);
    this.times = timesMs === null ? null : Array.from(timesMs, (timeMs) => timeMs / 1_000);
    this.values = values === null ? null : Array.from(values, finite);
  }
}

@ObjectType('QueryResult', { description: 'The answer to free PromQL at one instant.', simpleResolvers: true })
export class QueryResultType {
  @Field(() => String, { description: 'What came out: `vector`, `matrix`, `scalar` or `string`.' })
  readonly type: QueryAnswer['type'];
  @Field(() => [QueryResultSeriesType], {
    description: 'In the order of the source. A scalar is one series without labels; a string has none.',
  })
  readonly series: readonly QueryResultSeriesType[];
  @Field(() => String, { nullable: true, description: 'What a string is; null for every other type.' })
  readonly text: string | null;
  @Field(() => [String], { description: 'What the source remarked; with any, the answer may be short.' })
  readonly warnings: readonly string[];
  @Field(() => DateTimeScalar, { description: 'The instant it holds for.' })
  readonly at: number;

  constructor({ type, series, text, warnings }: QueryAnswer, atMs: number) {
    this.type = type;
    this.series = series.map((row) => new QueryResultSeriesType(row));
    this.text = text;
    this.warnings = warnings;
    this.at = atMs;
  }
}

function finite(value: number | null): number | null {
  return Number.isFinite(value) ? value : null;
}
