import { core, edgeSites } from './topology.js';

/** How long answers take: a log-logistic curve through its median and the share that misses a bound. */
export interface Latency {
  readonly medianMs: number;
  readonly boundMs: number;
  readonly missShare: number;
}

/** Requests from one workload to a service of the same cluster. `swing` and `errorShare` are shares, 0..1. */
export interface Call {
  readonly cluster: string;
  readonly from: string;
  readonly to: string;
  readonly protocol: 'http' | 'grpc';
  readonly perSecond: number;
  readonly swing: number;
  readonly errorShare: number;
  readonly latency: Latency;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

function edgeCalls(cluster: string): Call[] {
  const call = (from: string, to: string, perSecond: number, latency: Latency, more: Partial<Call> = {}): Call => ({
    cluster,
    from,
    to,
    perSecond,
    latency,
    protocol: 'http',
    swing: 0.3,
    errorShare: 0,
    requestBytes: 2_000,
    responseBytes: 400,
    ...more,
  });
  return [
    call(
      'istio-ingressgateway',
      'camera-ingest',
      24,
      { medianMs: 18, boundMs: 100, missShare: 0.002 },
      { errorShare: 0.0002, requestBytes: 90_000 },
    ),
    call(
      'istio-ingressgateway',
      'sound-ingest',
      9,
      { medianMs: 8, boundMs: 100, missShare: 0.001 },
      { requestBytes: 24_000 },
    ),
    call('istio-ingressgateway', 'weather-ingest', 0.6, { medianMs: 6, boundMs: 100, missShare: 0.001 }),
    // Little swing: a six-hour window must not weigh a quiet night against a busy minute.
    call(
      'camera-ingest',
      'detector',
      22,
      { medianMs: 42, boundMs: 250, missShare: 0.0001 },
      { swing: 0.1, requestBytes: 88_000 },
    ),
    call(
      'sound-ingest',
      'sound-classifier',
      9,
      { medianMs: 30, boundMs: 250, missShare: 0.001 },
      { requestBytes: 24_000 },
    ),
    call('detector', 'risk', 21, { medianMs: 5, boundMs: 50, missShare: 0.0005 }, { swing: 0.1 }),
    call('sound-classifier', 'risk', 8.5, { medianMs: 5, boundMs: 50, missShare: 0.0005 }),
    call('weather-ingest', 'risk', 0.6, { medianMs: 5, boundMs: 50, missShare: 0.0005 }),
    call(
      'risk',
      'notifier',
      3,
      { medianMs: 11, boundMs: 100, missShare: 0.001 },
      { protocol: 'grpc', errorShare: 0.0001 },
    ),
  ];
}

function coreCalls(): Call[] {
  const call = (from: string, to: string, perSecond: number, latency: Latency, more: Partial<Call> = {}): Call => ({
    cluster: core,
    from,
    to,
    perSecond,
    latency,
    protocol: 'http',
    swing: 0.35,
    errorShare: 0,
    requestBytes: 1_500,
    responseBytes: 6_000,
    ...more,
  });
  return [
    call(
      'istio-ingressgateway',
      'aggregator',
      14,
      { medianMs: 25, boundMs: 250, missShare: 0.002 },
      { errorShare: 0.0002, swing: 0.2 },
    ),
    call('aggregator', 'archive', 5, { medianMs: 35, boundMs: 500, missShare: 0.002 }, { requestBytes: 60_000 }),
    call('istio-ingressgateway', 'console', 1.2, { medianMs: 60, boundMs: 500, missShare: 0.004 }),
    call('console', 'assistant', 0.8, { medianMs: 1_400, boundMs: 10_000, missShare: 0.004 }),
    // The proxy in front of the models asks which of them shall answer.
    call(
      'assistant',
      'llm-epp',
      0.8,
      { medianMs: 4, boundMs: 50, missShare: 0.001 },
      { protocol: 'grpc', responseBytes: 200 },
    ),
    call('assistant', 'llm', 0.8, { medianMs: 1_300, boundMs: 10_000, missShare: 0.003 }, { responseBytes: 3_000 }),
  ];
}

export const calls: readonly Call[] = [...edgeSites.flatMap(edgeCalls), ...coreCalls()];
