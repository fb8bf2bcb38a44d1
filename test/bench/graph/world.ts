import { encodeLabels, type Sample, WriteBatch } from '../../../src/demo/remote-write.js';

/** The instant at which history ends: 2026-01-15T12:00:00Z. */
export const END_MS = Date.UTC(2026, 0, 15, 12);
const SPAN_MS = 2 * 3_600_000;
const SCRAPE_MS = 15_000;
const SLICE_MS = 10 * 60_000;

/** `edge` is a whole cluster; `fleet` has nodes only, twice as many. */
export const SIZES = { nodes: 100, containers: 3_000, services: 200, fleet: 200 } as const;

interface Series {
  readonly labels: Buffer;
  at(timeMs: number): number;
}

/** Writes two hours of history, a sample every 15 s, in the order of time. */
export async function writeHistory(url: string, say: (line: string) => void): Promise<void> {
  const series = [...nodes('fleet', SIZES.fleet), ...nodes('edge', SIZES.nodes), ...containers(), ...services()];
  let written = 0;
  for (let fromMs = END_MS - SPAN_MS; fromMs <= END_MS; fromMs += SLICE_MS) {
    for (let first = 0; first < series.length; first += 5_000) {
      const batch = new WriteBatch();
      for (const one of series.slice(first, first + 5_000)) batch.add(one.labels, samplesOf(one, fromMs));
      written += batch.samples;
      await batch.send(url);
    }
    say(`history: ${Math.round(written / 1_000)} k samples of ${series.length} series`);
  }
}

function samplesOf(series: Series, fromMs: number): readonly Sample[] {
  const samples: Sample[] = [];
  for (let at = fromMs; at < fromMs + SLICE_MS && at <= END_MS; at += SCRAPE_MS) samples.push([at, series.at(at)]);
  return samples;
}

function gauge(labels: Record<string, string>, value: number): Series {
  return { labels: encodeLabels(labels), at: () => value };
}

function counter(labels: Record<string, string>, perSecond: number): Series {
  return {
    labels: encodeLabels(labels),
    at: (timeMs) => Math.floor(((timeMs - END_MS + SPAN_MS) / 1_000) * perSecond * 1_000) / 1_000,
  };
}

function nodes(cluster: string, count: number): Series[] {
  return range(count).flatMap((index) => {
    const node = `${cluster}-node-${index}`;
    const ip = `10.${Math.floor(index / 250)}.0.${index % 250}`;
    const exporter = { cluster, job: 'node-exporter', instance: `${ip}:9100` };
    return [
      gauge(
        {
          __name__: 'kube_node_info',
          cluster,
          job: 'kube-state-metrics',
          node,
          internal_ip: ip,
          kubelet_version: 'v1.31.2',
          kernel_version: '6.1.0-28-amd64',
          os_image: 'Debian GNU/Linux 12 (bookworm)',
        },
        1,
      ),
      gauge({ __name__: 'node_uname_info', ...exporter, nodename: node, release: '6.1.0-28-amd64' }, 1),
      gauge({ __name__: 'node_memory_MemTotal_bytes', ...exporter }, 16 * 2 ** 30),
      gauge({ __name__: 'node_memory_MemAvailable_bytes', ...exporter }, (4 + (index % 8)) * 2 ** 30),
      gauge({ __name__: 'node_load1', ...exporter }, 1 + (index % 7) / 4),
      counter({ __name__: 'node_pressure_cpu_waiting_seconds_total', ...exporter }, 0.01 * (index % 10)),
      counter({ __name__: 'node_network_receive_bytes_total', ...exporter, device: 'eth0' }, 1e6 + index),
      counter({ __name__: 'node_network_transmit_bytes_total', ...exporter, device: 'eth0' }, 5e5 + index),
      ...['0', '1', '2', '3'].flatMap((cpu) => [
        counter({ __name__: 'node_cpu_seconds_total', ...exporter, cpu, mode: 'user' }, 0.2 + (index % 10) / 20),
        counter({ __name__: 'node_cpu_seconds_total', ...exporter, cpu, mode: 'idle' }, 0.8 - (index % 10) / 20),
      ]),
    ];
  });
}

function containers(): Series[] {
  const cluster = 'edge';
  return range(SIZES.containers).flatMap((index) => {
    const service = index % SIZES.services;
    const pod = `service-${service}-6c7d8f9b5-${index.toString(36).padStart(5, 'x')}`;
    const named = { cluster, namespace: `team-${service % 20}`, pod, container: 'app' };
    const state = {
      ...named,
      job: 'kube-state-metrics',
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    };
    const kubelet = {
      ...named,
      job: 'kubelet',
      node: `edge-node-${index % SIZES.nodes}`,
      image: `registry.example/service-${service}:1.4.2`,
    };
    return [
      gauge(
        { __name__: 'kube_pod_container_info', ...state, image: kubelet.image, container_id: `containerd://${index}` },
        1,
      ),
      gauge(
        { __name__: 'kube_pod_container_resource_limits', ...state, resource: 'memory', unit: 'byte' },
        512 * 2 ** 20,
      ),
      gauge({ __name__: 'container_memory_working_set_bytes', ...kubelet }, (100 + (index % 300)) * 2 ** 20),
      counter({ __name__: 'container_cpu_usage_seconds_total', ...kubelet, cpu: 'total' }, 0.05 + (index % 40) / 100),
      counter({ __name__: 'container_cpu_cfs_periods_total', ...kubelet }, 10),
      counter({ __name__: 'container_cpu_cfs_throttled_periods_total', ...kubelet }, (index % 20) / 10),
    ];
  });
}

function services(): Series[] {
  return range(SIZES.services).flatMap((index) => {
    const name = `service-${index}`;
    const namespace = `team-${index % 20}`;
    const labels = {
      cluster: 'edge',
      reporter: 'destination',
      destination_service_name: name,
      destination_service_namespace: namespace,
      destination_workload: name,
      destination_workload_namespace: namespace,
      request_protocol: 'http',
      response_flags: '-',
    };
    const perSecond = 5 + (index % 50);
    return [
      counter({ __name__: 'istio_requests_total', ...labels, response_code: '200' }, perSecond),
      counter({ __name__: 'istio_requests_total', ...labels, response_code: '503' }, perSecond / 1_000),
      ...['5', '10', '25', '50', '100', '250', '500', '1000', '2500', '+Inf'].map((le, place) =>
        counter(
          { __name__: 'istio_request_duration_milliseconds_bucket', ...labels, response_code: '200', le },
          (perSecond * (place + 1)) / 10,
        ),
      ),
    ];
  });
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
