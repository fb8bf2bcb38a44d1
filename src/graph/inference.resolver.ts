import { FieldResolver, Resolver, Root } from 'type-graphql';
import { Ask, type Asking, QuantileArg, WindowArg } from './asking.js';
import { InferenceType } from './inference.type.js';
import { MetricType } from './metric.type.js';

@Resolver(() => InferenceType)
export class InferenceResolver {
  @FieldResolver(() => MetricType, {
    description: 'Time until the first token left, as a quantile over requests, in seconds.',
  })
  timeToFirstToken(
    @Root() inference: InferenceType,
    @QuantileArg() quantile: number | null,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('inference.timeToFirstToken', inference, { windowMs, quantile });
  }

  @FieldResolver(() => MetricType, {
    description:
      'Time from one token to the next, as a quantile over tokens, in seconds; an inference gateway tells the mean of each request.',
  })
  interTokenLatency(
    @Root() inference: InferenceType,
    @QuantileArg() quantile: number | null,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('inference.interTokenLatency', inference, { windowMs, quantile });
  }

  @FieldResolver(() => MetricType, {
    description: 'Time that requests waited before they were worked on, as a quantile, in seconds.',
  })
  queueTime(
    @Root() inference: InferenceType,
    @QuantileArg() quantile: number | null,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('inference.queueTime', inference, { windowMs, quantile });
  }

  @FieldResolver(() => MetricType, {
    description:
      'Time that requests took from arrival to the last token or answer, as a quantile, in seconds; for KServe that of the prediction.',
  })
  endToEndLatency(
    @Root() inference: InferenceType,
    @QuantileArg() quantile: number | null,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('inference.endToEndLatency', inference, { windowMs, quantile });
  }

  @FieldResolver(() => MetricType, { description: 'Tokens generated per second.' })
  tokenThroughput(
    @Root() inference: InferenceType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('inference.tokenThroughput', inference, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Requests that are worked on.' })
  requestsRunning(@Root() inference: InferenceType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('inference.requestsRunning', inference);
  }

  @FieldResolver(() => MetricType, { description: 'Requests that wait to be worked on.' })
  requestsWaiting(@Root() inference: InferenceType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('inference.requestsWaiting', inference);
  }

  @FieldResolver(() => MetricType, {
    description:
      'Share of the key-value cache in use, of the fullest replica; an inference gateway tells the mean of its pool.',
  })
  cacheUtilization(@Root() inference: InferenceType, @Ask() ask: Asking): Promise<MetricType> {
    return ask.metric('inference.cacheUtilization', inference);
  }
}
