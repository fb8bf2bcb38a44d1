import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WrittenSeries } from '../../../src/demo/remote-write.js';
import { scopeOf } from '../../../src/domain/access.js';
import type { FamilyName } from '../../../src/domain/metric.js';
import { counter, gauge, T0 } from '../../support/prometheus.js';
import { engineSubjects, nothingHappenedOn, type TestMetrics } from '../../support/victoria-metrics.js';
import { sample } from './exporter-sample.js';
import { openSources } from './reading.js';

describe.each(engineSubjects)('over %s', (engine, startMetrics) => {
  const nothingHappened = nothingHappenedOn(engine);

  const LLAMA = 'ai/vllm-llama/vllm/meta-llama/Llama-3.1-8B-Instruct';

  type Figure =
    | 'timeToFirstToken'
    | 'interTokenLatency'
    | 'queueTime'
    | 'endToEndLatency'
    | 'tokenThroughput'
    | 'requestsRunning'
    | 'requestsWaiting'
    | 'cacheUtilization';

  const FIGURES: readonly Figure[] = [
    'timeToFirstToken',
    'interTokenLatency',
    'queueTime',
    'endToEndLatency',
    'tokenThroughput',
    'requestsRunning',
    'requestsWaiting',
    'cacheUtilization',
  ];

  /** What each server of the sample tells, at the 95th percentile, worked out by hand; what is not here it does not tell. */
  const TRUTH: Readonly<Record<string, Partial<Record<Figure, number>>>> = {
    [LLAMA]: {
      timeToFirstToken: 0.5, // 34,200 of 36,000 within 0.5
      interTokenLatency: 0.05, // 6,840,000 of 7,200,000 within 0.05
      queueTime: (0.3 * 34_200) / 34_560, // in the first bucket
      endToEndLatency: 10 + (5 * (34_200 - 32_400)) / (34_560 - 32_400),
      tokenThroughput: 7_200_000 / 7_200,
      requestsRunning: 24,
      requestsWaiting: 3,
      cacheUtilization: 0.82,
    },
    'ai/triton/triton/resnet50': { requestsWaiting: 2 },
    'ai/iris-predictor/kserve/iris': { endToEndLatency: 0.025 + (0.025 * (6_840 - 6_600)) / (6_900 - 6_600) },
    'ai/ray/ray-serve/chat': {},
    'ai/llama-epp/inference-gateway/': { requestsWaiting: 1.5 * 2, cacheUtilization: 0.71 },
  };

  function owner(pod: string, kind: string, name: string, target = 'instance="10.42.0.9:8080"'): WrittenSeries {
    return gauge(
      `kube_pod_owner{namespace="ai",pod="${pod}",owner_kind="${kind}",owner_name="${name}",owner_is_controller="true",${target}}`,
      1,
      { everyMs: 30_000 },
    );
  }

  const owners = (target?: string) => [
    owner('iris-predictor-0000', 'ReplicaSet', 'iris-predictor-5d8c9', target),
    owner('ray-head-0', 'RayCluster', 'ray', target),
    owner('llama-epp-0', 'StatefulSet', 'llama-epp', target),
  ];

  async function open(series: readonly WrittenSeries[], namespaces: readonly string[] | null = null) {
    const prometheus = await startMetrics({ series });
    return openSources([{ name: 'edge', url: prometheus.url }], scopeOf(null, namespaces));
  }

  type Open = Awaited<ReturnType<typeof open>>;

  function value({ figure }: Open, name: Figure, key: string, quantile?: number) {
    return figure(`inference.${name}` as FamilyName, key, quantile === undefined ? {} : { quantile });
  }

  describe.each([
    ['scraped once', () => [...sample(), ...owners()]],
    [
      'with every kube-state-metrics series doubled',
      () => {
        const twin = (target: Readonly<Record<string, string>>) => ({ ...target, instance: '10.42.0.8:8080' });
        const keep = (_: unknown, target: Readonly<Record<string, string>>) => target.job === 'kube-state-metrics';
        return [...sample(), ...owners(), ...sample({ keep, target: twin }), ...owners('instance="10.42.0.8:8080"')];
      },
    ],
    [
      'with kube-state-metrics whose labels the scrape renamed',
      () => [
        ...sample({ dishonorLabels: true }),
        ...owners().map(({ labels: { namespace = '', pod = '', ...labels }, samples }) => ({
          labels: {
            ...labels,
            exported_namespace: namespace,
            exported_pod: pod,
            namespace: 'monitoring',
            pod: 'ksm-0',
          },
          samples,
        })),
      ],
    ],
  ])('the sample of the exporters, %s', (_, series) => {
    let prometheus: TestMetrics;
    beforeAll(async () => {
      prometheus = await startMetrics({ series: series(), shared: true });
    });
    afterAll(() => prometheus.dispose());

    it('tells every figure that a server has, and that the others are not collected', async () => {
      const sources = openSources([{ name: 'edge', url: prometheus.url }]);
      for (const [key, truth] of Object.entries(TRUTH)) {
        for (const name of FIGURES) {
          const { value: measured, missing } = await value(sources, name, key);
          const expected = truth[name];
          if (expected === undefined) {
            expect({ key, name, measured, missing }).toMatchObject({ measured: null, missing: 'NOT_COLLECTED' });
          } else {
            expect(missing, `${key} ${name}`).toBeNull();
            expect(measured, `${key} ${name}`).toBeCloseTo(expected, 6);
          }
        }
      }
    });

    it('lists the servers with their pods', async () => {
      const { facet, plan } = openSources([{ name: 'edge', url: prometheus.url }]);
      const servers = await facet('inferenceServers');
      expect(Object.fromEntries(servers)).toEqual({
        [LLAMA]: { server: 'vllm', model: 'meta-llama/Llama-3.1-8B-Instruct', pods: ['ai/vllm-llama-0'] },
        'ai/triton/triton/resnet50': { server: 'triton', model: 'resnet50', pods: ['ai/triton-5b6f9c7d5-zz7lp'] },
        'ai/iris-predictor/kserve/iris': { server: 'kserve', model: 'iris', pods: ['ai/iris-predictor-0000'] },
        'ai/ray/ray-serve/chat': { server: 'ray-serve', model: 'chat', pods: ['ai/ray-head-0'] },
        'ai/llama-epp/inference-gateway/': { server: 'inference-gateway', model: 'llama', pods: ['ai/llama-epp-0'] },
      });
      expect(plan).toHaveLength(1);
    });

    it('asks once for a figure of all servers', async () => {
      const { figures, plan, context } = openSources([{ name: 'edge', url: prometheus.url }]);
      const all = Object.keys(TRUTH).map((key) => ({ cluster: 'edge', key }));
      const column = await figures.values({ family: 'inference.endToEndLatency', quantile: 0.5 }, all, T0, context);
      expect(column.keys('edge')).toEqual(['ai/iris-predictor/kserve/iris', LLAMA]);
      expect(column.of({ cluster: 'edge', key: LLAMA }).value).toBeCloseTo(2.5 + (2.5 * 3_600) / 10_800, 6);
      expect(plan).toHaveLength(1);
    });
  });

  describe('replicas', () => {
    const llm = (pod: string, more = '') => `namespace="ai",pod="${pod}",instance="${pod}:8000",job="vllm",${more}`;
    const model = 'model_name="m",engine="0"';
    const buckets = (name: string, labels: string, bounds: Readonly<Record<string, number>>) =>
      Object.entries(bounds).map(([le, perSecond]) => counter(`${name}_bucket{${labels},le="${le}"}`, { perSecond }));
    const pods = [owner('llm-0', 'StatefulSet', 'llm'), owner('llm-1', 'StatefulSet', 'llm')];
    const key = 'ai/llm/vllm/m';

    it('add up, their buckets before the quantile is taken, in both spellings of bounds; the fullest cache counts', async () => {
      const sources = await open([
        ...pods,
        ...buckets('vllm:time_to_first_token_seconds', llm('llm-0', model), { '1': 9, '2': 9, '+Inf': 9 }),
        ...buckets('vllm:time_to_first_token_seconds', llm('llm-1', model), { '1.0': 0, '2.0': 1, '+Inf': 1 }),
        gauge(`vllm:num_requests_running{${llm('llm-0', model)}}`, 3),
        gauge(`vllm:num_requests_running{${llm('llm-0', 'model_name="m",engine="1"')}}`, 4),
        gauge(`vllm:num_requests_running{${llm('llm-1', model)}}`, 5),
        gauge(`vllm:num_requests_running_created{${llm('llm-1', model)}}`, 1.7e9),
        gauge(`vllm:gpu_cache_usage_perc{${llm('llm-0', model)}}`, 0.2),
        gauge(`vllm:kv_cache_usage_perc{${llm('llm-1', model)}}`, 0.7),
        counter(`vllm:generation_tokens_total{${llm('llm-0', model)}}`, { perSecond: 100 }),
        counter(`vllm:generation_tokens_total{${llm('llm-1', model)}}`, { perSecond: 50 }),
      ]);
      expect((await value(sources, 'timeToFirstToken', key)).value).toBeCloseTo(1.5, 6);
      expect((await value(sources, 'timeToFirstToken', key, 0.45)).value).toBeCloseTo(0.5, 6);
      expect((await value(sources, 'requestsRunning', key)).value).toBe(12);
      expect((await value(sources, 'cacheUtilization', key)).value).toBe(0.7);
      expect((await value(sources, 'tokenThroughput', key)).value).toBeCloseTo(150, 6);
    });

    it('count once when they are scraped twice', async () => {
      const twice = (pod: string) =>
        ['instance="a:8000",job="podmonitor"', 'instance="a:8000",job="annotations"'].flatMap((target) => [
          gauge(`vllm:num_requests_waiting{namespace="ai",pod="${pod}",${target},${model}}`, 2),
          counter(`vllm:generation_tokens_total{namespace="ai",pod="${pod}",${target},${model}}`, { perSecond: 10 }),
        ]);
      const sources = await open([...pods, ...twice('llm-0'), ...twice('llm-1')]);
      expect((await value(sources, 'requestsWaiting', key)).value).toBe(4);
      expect((await value(sources, 'tokenThroughput', key)).value).toBeCloseTo(20, 6);
    });

    it('tell nothing while nothing happens, and are told apart from those of other workloads', async () => {
      const sources = await open([
        ...pods,
        owner('other-0', 'StatefulSet', 'other'),
        ...buckets('vllm:e2e_request_latency_seconds', llm('llm-0', model), { '1.0': 0, '+Inf': 0 }),
        ...buckets('vllm:e2e_request_latency_seconds', llm('other-0', model), { '1.0': 5, '+Inf': 5 }),
      ]);
      expect(await value(sources, 'endToEndLatency', key)).toMatchObject({ value: null, missing: nothingHappened });
      expect((await value(sources, 'endToEndLatency', 'ai/other/vllm/m', 0.5)).value).toBeCloseTo(0.5, 6);
    });

    it('speak the older names and those with a prefix, and never count both names of one figure', async () => {
      const sources = await open([
        ...pods,
        ...buckets('vllm:time_per_output_token_seconds', llm('llm-0', model), { '0.01': 0, '0.02': 8, '+Inf': 8 }),
        ...buckets('kserve_vllm:inter_token_latency_seconds', llm('llm-1', model), { '0.01': 8, '0.02': 8, '+Inf': 8 }),
        ...buckets('kserve_vllm:time_per_output_token_seconds', llm('llm-1', model), {
          '0.01': 0,
          '0.02': 8,
          '+Inf': 8,
        }),
        gauge(`kserve_vllm:num_requests_running{${llm('llm-1', model)}}`, 1),
      ]);
      expect((await value(sources, 'interTokenLatency', key, 0.5)).value).toBeCloseTo(0.01, 6);
      expect((await value(sources, 'interTokenLatency', key, 0.75)).value).toBeCloseTo(0.015, 6);
      expect((await value(sources, 'requestsRunning', key)).value).toBe(1);
    });

    it('are not known where no model server is scraped', async () => {
      const { facet } = await open(pods);
      await expect(facet('inferenceServers')).rejects.toThrow('nothing tells of inferenceServers');
    });

    it('are shown to those only who may see their namespace', async () => {
      const series = [...pods, gauge(`vllm:num_requests_running{${llm('llm-0', model)}}`, 3)];
      const sources = await open(series, ['shop']);
      expect((await value(sources, 'requestsRunning', key)).value).toBeNull();
      expect((await sources.facet('inferenceServers')).size).toBe(0);
    });
  });

  describe('servers of other kinds', () => {
    const at = (pod: string) => `namespace="ai",pod="${pod}",instance="${pod}:1",job="x"`;
    const histogram = (name: string, labels: string, bounds: Readonly<Record<string, number>>) =>
      Object.entries(bounds).map(([le, perSecond]) => counter(`${name}_bucket{${labels},le="${le}"}`, { perSecond }));

    it('Triton: histograms where they are switched on, in microseconds and milliseconds; versions add up', async () => {
      const resnet = (version: number) => `${at('triton-6c8f9d7b4-x2x4q')},model="resnet",version="${version}"`;
      const sources = await open([
        owner('triton-6c8f9d7b4-x2x4q', 'ReplicaSet', 'triton-6c8f9d7b4'),
        ...[1, 2].flatMap((version) => [
          ...histogram('nv_inference_request_duration_histogram_us', resnet(version), {
            '25000': 0,
            '50000': 4,
            '+Inf': 4,
          }),
          ...histogram('nv_inference_queue_duration_histogram_us', resnet(version), { '1000': 4, '+Inf': 4 }),
          ...histogram('nv_inference_first_response_histogram_ms', resnet(version), { '100': 4, '500': 4, '+Inf': 4 }),
          gauge(`nv_inference_pending_request_count{${resnet(version)}}`, 2),
          gauge(`nv_trt_llm_request_metrics{${resnet(version)},request_type="waiting"}`, 3),
          gauge(`nv_trt_llm_request_metrics{${resnet(version)},request_type="scheduled"}`, 5),
          gauge(`nv_trt_llm_kv_cache_block_metrics{${resnet(version)},kv_cache_block_type="fraction"}`, version / 10),
        ]),
      ]);
      const key = 'ai/triton/triton/resnet';
      expect((await value(sources, 'endToEndLatency', key, 0.5)).value).toBeCloseTo(0.0375, 6);
      expect((await value(sources, 'queueTime', key, 0.5)).value).toBeCloseTo(0.0005, 6);
      expect((await value(sources, 'timeToFirstToken', key, 0.5)).value).toBeCloseTo(0.05, 6);
      expect((await value(sources, 'requestsWaiting', key)).value).toBe(10);
      expect((await value(sources, 'requestsRunning', key)).value).toBe(10);
      expect((await value(sources, 'cacheUtilization', key)).value).toBe(0.2);
      expect((await value(sources, 'tokenThroughput', key)).missing).toBe('NOT_COLLECTED');
    });

    it('Ray Serve: milliseconds, without its own health checks; the replicas of all its pods add up', async () => {
      const chat = (pod: string, route = '/chat') => `${at(pod)},application="chat",route="${route}"`;
      const bounds = { '100': 0, '200': 4, '+Inf': 4 };
      const sources = await open([
        owner('ray-head-x', 'RayCluster', 'ray'),
        owner('ray-worker-y', 'RayCluster', 'ray'),
        ...histogram('ray_serve_http_request_latency_ms', chat('ray-head-x'), bounds),
        ...histogram('ray_serve_http_request_latency_ms', chat('ray-head-x', '/-/healthz'), { '1': 99, '+Inf': 99 }),
        ...histogram('ray_serve_grpc_request_latency_ms', chat('ray-worker-y', 'chat.Chat'), bounds),
        ...['a', 'b'].flatMap((replica) => [
          gauge(`ray_serve_replica_processing_queries{${at('ray-head-x')},application="chat",replica="${replica}"}`, 1),
          gauge(
            `ray_serve_replica_processing_queries{${at('ray-worker-y')},application="chat",replica="${replica}2"}`,
            2,
          ),
        ]),
        gauge(`ray_serve_deployment_queued_queries{${at('ray-head-x')},application="chat",deployment="d"}`, 4),
      ]);
      const key = 'ai/ray/ray-serve/chat';
      expect((await value(sources, 'endToEndLatency', key, 0.5)).value).toBeCloseTo(0.15, 6);
      expect((await value(sources, 'requestsRunning', key)).value).toBe(6);
      expect((await value(sources, 'requestsWaiting', key)).value).toBe(4);
    });

    it('the inference gateway: requests of its replicas add up, the pool is told once, under both prefixes', async () => {
      const replicas = ['epp-0', 'epp-1'];
      const sources = await open([
        ...replicas.map((pod) => owner(pod, 'StatefulSet', 'epp')),
        ...replicas.flatMap((pod) => [
          gauge(`inference_pool_average_queue_size{${at(pod)},name="llama"}`, 2.5),
          gauge(`inference_pool_ready_pods{${at(pod)},name="llama"}`, 4),
          gauge(`inference_pool_average_kv_cache_utilization{${at(pod)},name="llama"}`, 0.4),
          gauge(`inference_model_running_requests{${at(pod)},model_name="a"}`, 3),
          gauge(`inference_model_running_requests{${at(pod)},model_name="b"}`, 1),
          counter(`inference_objective_output_tokens_sum{${at(pod)},model_name="a"}`, { perSecond: 100 }),
          counter(`inference_model_output_tokens_sum{${at(pod)},model_name="a"}`, { perSecond: 100 }),
          ...histogram('inference_model_request_duration_seconds', `${at(pod)},model_name="a"`, { '1': 1, '+Inf': 1 }),
        ]),
      ]);
      const key = 'ai/epp/inference-gateway/';
      expect((await value(sources, 'requestsWaiting', key)).value).toBe(10);
      expect((await value(sources, 'requestsRunning', key)).value).toBe(8);
      expect((await value(sources, 'cacheUtilization', key)).value).toBe(0.4);
      expect((await value(sources, 'tokenThroughput', key)).value).toBeCloseTo(200, 6);
      expect((await value(sources, 'endToEndLatency', key, 0.5)).value).toBeCloseTo(0.5, 6);
      expect(Object.fromEntries(await sources.facet('inferenceServers'))).toEqual({
        [key]: { server: 'inference-gateway', model: 'llama', pods: ['ai/epp-0', 'ai/epp-1'] },
      });
    });
  });
});
