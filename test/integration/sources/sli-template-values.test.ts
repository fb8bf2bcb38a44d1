import { describe, expect, it, onTestFinished } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import type { CompiledSli, Outcome } from '../../../src/domain/ports.js';
import { createPlanner } from '../../../src/sources/prometheus/planner.js';
import { createSliCompiler } from '../../../src/sources/sli-compiler.js';
import { createEventSource } from '../../../src/sources/sli-events.js';
import { sliTemplates } from '../../../src/sources/sli-templates.js';
import { counter, gauge, startPrometheus, T0 } from '../../support/prometheus.js';
import { anObjective, anSli } from '../../unit/domain/slo-examples.js';
import { growthOf } from '../graph/sample-growth.js';
import { sample } from './exporter-sample.js';

const WINDOW_MS = 30 * 60_000;
const context = { scope: everything };
const grow = (series: string, perSecond: number) => counter(series, { perSecond });

const queue = 'vllm:request_queue_time_seconds_bucket{namespace="ai",model_name="llama"';
const predict = 'request_predict_seconds_bucket{namespace="ai",model_name="iris"';
const ray = 'namespace="ai",application="chat",method="POST"';
const rayLatency = `ray_serve_http_request_latency_ms_bucket{${ray},route="/chat"`;
const triton = 'namespace="ai",model="resnet50",version="1"';
const source = 'job_name="fraud",operator_name="Source:_orders"';
const entry =
  'istio_request_duration_milliseconds_bucket{destination_service_namespace="crosswalk",destination_service_name="camera"';
const gpu = 'DCGM_FI_PROF_GR_ENGINE_ACTIVE{Hostname="gpu-1",UUID="GPU-1"';

/** What the exporters write; one that is not asked for stands beside each that is. */
const series = [
  grow(`${queue},engine="0",le="1.0"}`, 9),
  grow(`${queue},engine="1",le="1.0"}`, 8),
  grow(`${queue},engine="0",le="+Inf"}`, 10),
  grow(`${queue},engine="1",le="+Inf"}`, 10),
  grow(`nv_inference_request_success{${triton}}`, 10),
  grow('nv_inference_request_success{namespace="ai",model="bert",version="1"}', 10),
  grow(`nv_inference_request_failure{${triton},reason="BACKEND"}`, 1),
  grow(`nv_inference_request_failure{${triton},reason="REJECTED"}`, 1),
  grow(`nv_inference_request_failure{${triton},reason="CANCELED"}`, 5),
  grow(`nv_inference_request_duration_us{${triton}}`, 200_000),
  grow(`nv_inference_queue_duration_us{${triton}}`, 50_000),
  grow('nv_inference_request_success{namespace="idle",model="resnet50",version="1"}', 0),
  grow('nv_inference_request_duration_us{namespace="idle",model="resnet50",version="1"}', 0),
  grow(`${predict},le="0.1"}`, 7),
  grow(`${predict},le="+Inf"}`, 8),
  grow(`ray_serve_num_http_requests_total{${ray},route="/chat",status_code="200"}`, 15),
  grow(`ray_serve_num_http_requests_total{${ray},route="/chat",status_code="404"}`, 3),
  grow(`ray_serve_num_http_requests_total{${ray},route="/chat",status_code="500"}`, 2),
  grow(`ray_serve_num_http_requests_total{${ray},route="/-/healthz",status_code="200"}`, 100),
  grow(`ray_serve_num_http_error_requests_total{${ray},route="/chat",error_code="404"}`, 3),
  grow(`ray_serve_num_http_error_requests_total{${ray},route="/chat",error_code="500"}`, 2),
  grow(`${rayLatency},status_code="200",le="500"}`, 12),
  grow(`${rayLatency},status_code="200",le="+Inf"}`, 15),
  grow(`${rayLatency},status_code="500",le="500"}`, 2),
  grow(`${rayLatency},status_code="500",le="+Inf"}`, 2),
  gauge(`${gpu},GPU_I_ID="1",exported_pod="a"}`, 0.25),
  gauge(`${gpu},GPU_I_ID="2",exported_pod="b"}`, 0.75),
  gauge('DCGM_FI_PROF_GR_ENGINE_ACTIVE{Hostname="gpu-1",UUID="GPU-2"}', 9.22e18),
  gauge('DCGM_FI_PROF_GR_ENGINE_ACTIVE{Hostname="gpu-2",UUID="GPU-3"}', 0.9),
  ...['1', '2'].flatMap((pool) => [
    gauge(`ceph_pg_total{pool_id="${pool}"}`, 128),
    gauge(`ceph_pg_active{pool_id="${pool}"}`, pool === '1' ? 128 : 64),
    gauge(`ceph_pg_clean{pool_id="${pool}"}`, pool === '1' ? 96 : 64),
  ]),
  grow('ceph_osd_op_r_latency_sum{ceph_daemon="osd.0"}', 0.5),
  grow('ceph_osd_op_r_latency_count{ceph_daemon="osd.0"}', 250),
  grow('ceph_osd_op_w_latency_sum{ceph_daemon="osd.0"}', 1),
  grow('ceph_osd_op_w_latency_count{ceph_daemon="osd.0"}', 100),
  grow('ceph_osd_op_w_latency_sum{ceph_daemon="osd.1"}', 2),
  grow('ceph_osd_op_w_latency_count{ceph_daemon="osd.1"}', 50),
  grow('ceph_rgw_req{instance_id="4242"}', 10),
  grow('ceph_rgw_failed_req{instance_id="4242"}', 1),
  grow(`flink_taskmanager_job_task_operator_numRecordsIn{${source},subtask_index="0"}`, 30),
  grow(`flink_taskmanager_job_task_operator_numRecordsIn{${source},subtask_index="1"}`, 20),
  grow('flink_taskmanager_job_task_operator_numRecordsIn{job_name="fraud",operator_name="Sink"}', 5),
  gauge(`flink_taskmanager_job_task_operator_currentEmitEventTimeLag{${source},subtask_index="0"}`, 850),
  gauge(`flink_taskmanager_job_task_operator_currentEmitEventTimeLag{${source},subtask_index="1"}`, 1_250),
  gauge('flink_taskmanager_job_task_operator_currentEmitEventTimeLag{job_name="new",operator_name="Source"}', -1),
  gauge(`flink_taskmanager_job_task_operator_pendingRecords{${source},subtask_index="0"}`, 1_000),
  gauge(`flink_taskmanager_job_task_operator_pendingRecords{${source},subtask_index="1"}`, 500),
  grow('flink_jobmanager_job_numberOfCompletedCheckpoints{job_name="fraud"}', 0.3),
  grow('flink_jobmanager_job_numberOfFailedCheckpoints{job_name="fraud"}', 0.1),
  grow('flink_jobmanager_job_numRestarts{job_name="fraud"}', 0.01),
  gauge('flink_jobmanager_job_numRestarts{job_name="calm"}', 7),
  grow('metrics_executor_totalInputBytes_bytes_total{application_name="etl",executor_id="1"}', 1_000),
  grow('metrics_executor_totalInputBytes_bytes_total{application_name="etl",executor_id="2"}', 500),
  grow('metrics_executor_completedTasks_total{application_name="etl",executor_id="1"}', 3),
  grow('metrics_executor_failedTasks_total{application_name="etl",executor_id="1"}', 1),
  ...['0', '1'].flatMap((partition) => [
    gauge(`kafka_consumergroup_lag{consumergroup="detect",topic="frames",partition="${partition}"}`, 60),
    grow(`kafka_consumergroup_current_offset{consumergroup="detect",topic="frames",partition="${partition}"}`, 20),
  ]),
  gauge('kafka_consumergroup_lag{consumergroup="risk",topic="seen",partition="0"}', 10),
  grow('kafka_consumergroup_current_offset{consumergroup="risk",topic="seen",partition="0"}', 5),
  gauge('kafka_consumergroup_lag{consumergroup="done",topic="none",partition="0"}', 0),
  gauge('kafka_consumergroup_current_offset{consumergroup="done",topic="none",partition="0"}', 7),
  gauge('kafka_consumergroup_lag{consumergroup="stuck",topic="seen",partition="0"}', 3),
  gauge('kafka_consumergroup_current_offset{consumergroup="stuck",topic="seen",partition="0"}', 7),
  ...Object.entries({ '2500': 6, '5000': 9, '+Inf': 10 }).map(([le, perSecond]) =>
    grow(`${entry},reporter="source",response_code="200",le="${le}"}`, perSecond),
  ),
  grow(`${entry},reporter="source",response_code="503",le="+Inf"}`, 4),
  grow(`${entry},reporter="destination",response_code="200",le="+Inf"}`, 10),
  gauge('metrics_etl_driver_spark_streaming_daily_orders_latency_Value', 2_500),
  gauge('metrics_etl_driver_spark_streaming_other_latency_Value', 9_000),
];

/** Of a value what it is now; of a ratio what is good of how much, per second. */
type Expected = readonly [string, Record<string, string>, number | readonly [number, number] | null];

const expected: readonly Expected[] = [
  ['inference-queue-time', { namespace: 'ai', model: 'llama', threshold: '1s' }, [17, 20]],
  ['triton-availability', { namespace: 'ai', model: 'resnet50' }, [10, 12]],
  ['triton-latency', { namespace: 'ai', model: 'resnet50' }, 0.02],
  ['triton-latency', { namespace: 'idle' }, null],
  ['triton-queue-time', { namespace: 'ai', model: 'resnet50' }, 0.005],
  ['kserve-latency', { namespace: 'ai', model: 'iris', threshold: '100ms' }, [7, 8]],
  ['ray-serve-availability', { namespace: 'ai', application: 'chat' }, [18, 20]],
  ['ray-serve-latency', { namespace: 'ai', threshold: '500ms' }, [12, 15]],
  ['gpu-saturation', { node: 'gpu-1' }, 0.75],
  ['ceph-availability', {}, 0.75],
  ['ceph-durability', { pool: '1' }, 0.75],
  ['ceph-read-latency', {}, 0.002],
  ['ceph-write-latency', {}, 0.02],
  ['ceph-write-latency', { osd: 'osd.1' }, 0.04],
  ['ceph-object-availability', {}, [9, 10]],
  ['flink-throughput', { job: 'fraud', operator: 'Source:_orders' }, 50],
  ['flink-lag-seconds', { job: 'fraud' }, 1.25],
  ['flink-lag-seconds', { job: 'new' }, null],
  ['flink-pending-records', { job: 'fraud' }, 1_500],
  ['flink-checkpoints', { job: 'fraud' }, [0.3, 0.4]],
  ['flink-restarts', { job: 'fraud' }, 3],
  ['flink-restarts', { job: 'calm' }, 0],
  ['pipeline-latency', { namespace: 'crosswalk', microservice: 'camera', threshold: '5s' }, [9, 10]],
  ['kafka-pipeline-latency', { groups: 'detect, risk,done' }, 3 + 2],
  ['kafka-pipeline-latency', { groups: 'detect' }, 3],
  ['kafka-pipeline-latency', { groups: 'detect,nobody' }, null],
  ['kafka-pipeline-latency', { groups: 'stuck' }, 3e9],
  ['spark-throughput', { application: 'etl' }, 1_500],
  ['spark-tasks', { application: 'etl' }, [3, 4]],
  ['spark-batch-latency', { query: 'daily orders' }, 2.5],
];

/** The same of the sample of real exporters, whose growth `sample-growth.ts` lists. */
const expectedOfSample: readonly Expected[] = [
  ['triton-availability', { namespace: 'ai', model: 'resnet50' }, [60, 60.09]],
  ['triton-latency', { namespace: 'ai', model: 'resnet50' }, 1_200_000 / 60 / 1e6],
  ['triton-queue-time', { namespace: 'ai', model: 'resnet50' }, 300_000 / 60 / 1e6],
  ['kserve-latency', { namespace: 'ai', model: 'iris', threshold: '100ms' }, [7_100 / 720, 10]],
  ['ray-serve-availability', { namespace: 'ai', application: 'chat' }, [7_164 / 600, 12]],
  ['gpu-saturation', { node: 'gpu-1' }, 0.91],
  ['minio-availability', { api: 'getobject' }, [36 - 0.007, 36]],
  ['minio-latency', { threshold: '100ms' }, [34, 36]],
  ['minio-durability', { namespace: 'storage' }, 15 - 9],
  ['ceph-availability', {}, 1],
  ['ceph-durability', { pool: '1' }, 127 / 128],
  ['ceph-write-latency', { osd: 'osd.0' }, 360 / 180_000],
  ['ceph-read-latency', {}, null],
  ['ceph-object-availability', {}, [60 - 0.03, 60]],
  ['kafka-consumer-lag', { group: 'fraud' }, 1_000],
  ['kafka-lag-seconds', { group: 'fraud', kafka: 'main' }, 12],
  ['kafka-topic-throughput', { topic: 'orders' }, 100],
  ['kafka-durability', { topic: 'orders' }, 2 / 3],
  ['flink-throughput', { job: 'fraud', operator: 'Source:_orders' }, 200],
  ['flink-lag-seconds', { job: 'fraud' }, 0.85],
  ['flink-pending-records', { job: 'fraud' }, 1_000],
  ['flink-checkpoints', { job: 'fraud' }, [120 / 400, 121 / 400]],
  ['flink-restarts', { job: 'fraud' }, 0],
  ['spark-throughput', { application: 'etl' }, 1e9],
  ['spark-tasks', { application: 'etl' }, [3, 3.01]],
];

describe('templates', () => {
  it.each([
    ['exporters of model servers, stores, streams and batches', series, expected, WINDOW_MS],
    ['the sample of real exporters, scraped for ten minutes', sample({ growth: growthOf }), expectedOfSample, 300_000],
  ] as const)('read what is said by %s', async (_, written, truth, windowMs) => {
    const { url } = await startPrometheus({ series: written });
    const planner = createPlanner({
      clusters: [
        { name: 'edge', match: {}, prometheus: { url, timeoutMs: 20_000, maxConcurrent: 8, headersFile: null } },
      ],
    });
    onTestFinished(() => planner.close());
    const events = createEventSource(planner);
    for (const [name, parameters, value] of truth) {
      const sli = compiled(createSliCompiler(planner), name, parameters);
      const what = `${name} ${JSON.stringify(parameters)}`;
      const [current] = await events.readCurrent([sli], T0, context);
      const [reading] = await events.readWindow([sli], windowMs, T0, context);
      const counts = answered(reading).events;
      if (value === null) expect(answered(current), what).toBeNull();
      else if (typeof value === 'number') expect(answered(current)?.toPrecision(12), what).toBe(value.toPrecision(12));
      else {
        expect(counts?.good, what).toBeCloseTo((value[0] * windowMs) / 1_000, 6);
        expect(counts?.total, what).toBeCloseTo((value[1] * windowMs) / 1_000, 6);
      }
      if (typeof value === 'number') expect(counts, what).toMatchObject({ good: windowMs / 60_000, bad: 0 });
    }
  });
});

function compiled(compiler: ReturnType<typeof createSliCompiler>, name: string, parameters: Record<string, string>) {
  const template = sliTemplates.find((each) => each.name === name);
  const call = { template: name, parameters, path: 'template', line: 1, column: 1 };
  const lower = template?.kind === 'VALUE' ? { value: -1, inclusive: true } : null;
  return compiler.compile(
    anSli({ category: 'CUSTOM', measure: { kind: 'TEMPLATE', call } }),
    anObjective({ target: '0.99', lower }),
    'edge',
  ) satisfies CompiledSli;
}

function answered<T>(outcome: Outcome<T> | undefined): T {
  if (outcome === undefined || !outcome.ok) throw new Error(`no value: ${JSON.stringify(outcome)}`);
  return outcome.value;
}
