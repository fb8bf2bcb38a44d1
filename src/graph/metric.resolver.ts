import { Arg, FieldResolver, Resolver, Root } from 'type-graphql';
import { metricFamilies } from '../domain/metric.js';
import { Ask, type Asking } from './asking.js';
import { pastOf } from './instant.js';
import { MetricType, SeriesType } from './metric.type.js';
import { DateTimeScalar, DurationScalar } from './scalars.js';
import { GOOD_POINTS, MAX_POINTS, rangeOf } from './series-range.js';

@Resolver(() => MetricType)
export class MetricResolver {
  @FieldResolver(() => SeriesType, {
    nullable: true,
    description: `This figure over time, ending at its instant unless \`to\` says otherwise. At most ${MAX_POINTS} points. Null when the source did not answer.`,
  })
  async series(
    @Root() metric: MetricType,
    @Arg('last', () => DurationScalar, {
      nullable: true,
      defaultValue: 3_600_000,
      description: 'How long up to `to`; ignored where `from` is given.',
    })
    lastMs: number | null,
    @Arg('from', () => DateTimeScalar, { nullable: true, description: 'Where it begins.' }) fromMs: number | null,
    @Arg('to', () => DateTimeScalar, {
      nullable: true,
      description: 'Where it ends: the instant of the figure by default.',
    })
    toMs: number | null,
    @Arg('step', () => DurationScalar, {
      nullable: true,
      description: `Distance of the points, 1s or more; by default a round one that gives up to ${GOOD_POINTS} points.`,
    })
    stepMs: number | null,
    @Ask() ask: Asking,
  ): Promise<SeriesType | null> {
    const { context } = ask;
    const end = toMs === null || toMs === undefined ? metric.at : pastOf('to', toMs, context.nowMs);
    const begin = fromMs === null || fromMs === undefined ? end - (lastMs ?? 3_600_000) : fromMs;
    const range = rangeOf(pastOf('from', begin, context.nowMs), Math.min(end, context.nowMs), stepMs);
    const series = await context.loaders.series(metric.question, metric.entity, range);
    if (series.error === undefined) return new SeriesType(metricFamilies[metric.question.family].unit, series);
    ask.report(series.error);
    return null;
  }
}
