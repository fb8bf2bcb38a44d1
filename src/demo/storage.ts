import type { Latency } from './calls.js';
import { shareWithin } from './istio.js';
import { Target } from './target.js';
import { core, type Pod, podsOf } from './topology.js';
import { amount, type Flow, phaseOf, remembering, wave } from './waves.js';
import type { World } from './world.js';

const firstByte = ['0.050', '0.100', '0.250', '0.500', '1.000', '2.500', '5.000', '10.000', '+Inf'];

const apis: Readonly<Record<string, { perSecond: number; errors: number; curve: Latency }>> = {
  getobject: { perSecond: 7, errors: 0.0001, curve: { medianMs: 22, boundMs: 100, missShare: 0.002 } },
  putobject: { perSecond: 3, errors: 0.0002, curve: { medianMs: 35, boundMs: 250, missShare: 0.002 } },
  listobjectsv2: { perSecond: 0.2, errors: 0, curve: { medianMs: 40, boundMs: 250, missShare: 0.004 } },
};

/** The object store: MinIO's v2 page, one target a pod. */
export function objectStores(world: World): readonly Target[] {
  return podsOf(core, 'minio').map((pod) => objectStore(pod, world));
}

function objectStore(pod: Pod, world: World): Target {
  const target = new Target({
    cluster: pod.cluster,
    job: 'minio',
    instance: `${pod.ip}:9000`,
    honorLabels: false,
    labels: { namespace: pod.namespace, pod: pod.name },
  });
  const server = `${pod.name}:9000`;
  for (const [api, { perSecond, errors, curve }] of Object.entries(apis)) {
    const labels = { server, api };
    const flow: Flow = { perSecond, swing: 0.25, phase: phaseOf(`${server}/${api}`) };
    const requests = remembering((atMs) => amount(flow, world.startedMs, atMs));
    const grown = (share: number) => (atMs: number) => Math.floor(share * requests(atMs));
    target.counter('minio_s3_requests_total', labels, grown(1), 'SLO');
    if (errors > 0) target.counter('minio_s3_requests_5xx_errors_total', labels, grown(errors), 'SLO');
    for (const le of firstByte) {
      // A gauge by its type though it only grows: MinIO says so.
      const share = le === '+Inf' ? 1 : shareWithin(curve, Number(le) * 1_000);
      const tier = api === 'getobject' && (le === '0.100' || le === '+Inf') ? 'SLO' : 'RECENT';
      target.gauge('minio_s3_requests_ttfb_seconds_distribution', { ...labels, le }, grown(share), tier);
    }
  }
  const sent: Flow = { perSecond: 9_000_000, swing: 0.25, phase: phaseOf(server) };
  target.counter('minio_s3_traffic_sent_bytes', { server }, (atMs) => Math.floor(amount(sent, world.startedMs, atMs)));
  const received = { ...sent, perSecond: 3_000_000 };
  target.counter('minio_s3_traffic_received_bytes', { server }, (atMs) =>
    Math.floor(amount(received, world.startedMs, atMs)),
  );
  const set = { pool: '0', set: '0', server };
  target.gauge('minio_cluster_health_erasure_set_status', set, 1);
  target.gauge('minio_cluster_health_erasure_set_online_drives', set, (atMs) => onlineDrives(atMs), 'SLO');
  target.gauge('minio_cluster_health_erasure_set_write_quorum', set, 9, 'SLO');
  return target;
}

/** Of 16 drives one is away now and then, in the deepest troughs. */
function onlineDrives(atMs: number): number {
  return wave(atMs, 0.5) < -1.3 ? 15 : 16;
}

/** The event pipeline as kafka_exporter shows it. */
export function eventPipeline(world: World): Target {
  const pod = podsOf(core, 'kafka-exporter')[0] as Pod;
  const target = new Target({
    cluster: core,
    job: 'kafka-exporter',
    instance: `${pod.ip}:9308`,
    honorLabels: false,
    labels: { namespace: pod.namespace, pod: pod.name, container: 'kafka-exporter' },
  });
  target.gauge('kafka_brokers', {}, 3);
  for (let partition = 0; partition < 3; partition += 1) partitionRows(target, partition, world);
  return target;
}

function partitionRows(target: Target, partition: number, world: World): void {
  const labels = { topic: 'crosswalk-events', partition: String(partition) };
  const phase = phaseOf(`crosswalk-events/${partition}`);
  const flow: Flow = { perSecond: 14, swing: 0.25, phase };
  const produced = (atMs: number) => Math.floor(amount(flow, world.startedMs, atMs));
  const lag = (atMs: number) => Math.round(120 + 60 * wave(atMs, phase));
  target.gauge('kafka_topic_partition_current_offset', labels, produced, 'SLO');
  target.gauge('kafka_topic_partition_leader', labels, partition);
  target.gauge('kafka_topic_partition_replicas', labels, 3);
  target.gauge('kafka_topic_partition_in_sync_replica', labels, 3);
  target.gauge('kafka_topic_partition_under_replicated_partition', labels, 0);
  const group = { consumergroup: 'aggregator', ...labels };
  // What is read lags behind by seconds of production, so that it grows evenly too.
  target.gauge('kafka_consumergroup_current_offset', group, (atMs) => produced(atMs - 8_000));
  target.gauge('kafka_consumergroup_lag', group, lag, 'SLO');
}
