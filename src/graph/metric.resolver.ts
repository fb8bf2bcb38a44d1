import { Arg, FieldResolver, Resolver, Root } from 'type-graphql';
import { InputError } from '../domain/errors.js';
import { metricFamilies } from '../domain/metric.js';
import type { TimeRange } from '../domain/ports.js';
import { Ask, type Asking } from './asking.js';
import { pastOf } from './instant.js';
import { MetricType, SeriesType } from './metric.type.js';
import { DateTimeScalar, DurationScalar } from './scalars.js';

const MAX_POINTS = 11_000;
const GOOD_POINTS = 240;
const STEPS_MS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * 1_000,
);

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

/** Equal questions a moment apart share their points: every time is a multiple of the step. @throws InputError */
function rangeOf(fromMs: number, toMs: number, wantedStepMs: number | null | undefined): TimeRange {
  if (fromMs > toMs) throw new InputError('a series must begin before it ends');
  const stepMs = wantedStepMs ?? stepFor(toMs - fromMs);
  if (stepMs < 1_000) throw new InputError(`step must be 1s or more, got ${stepMs} ms`);
  const range = { fromMs: Math.ceil(fromMs / stepMs) * stepMs, toMs: Math.floor(toMs / stepMs) * stepMs, stepMs };
  if (range.fromMs > range.toMs) throw new InputError('a series must be at least one step long');
  const points = (range.toMs - range.fromMs) / stepMs + 1;
  if (points > MAX_POINTS) {
    throw new InputError(
      `a series may have ${MAX_POINTS} points, this one would have ${points}; ask for a longer step`,
    );
  }
  return range;
}

function stepFor(lengthMs: number): number {
  const days = Math.ceil(lengthMs / GOOD_POINTS / 86_400_000);
  return STEPS_MS.find((stepMs) => lengthMs / stepMs <= GOOD_POINTS) ?? days * 86_400_000;
}
