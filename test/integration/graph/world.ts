import type { WrittenSeries } from '../../../src/demo/remote-write.js';
import type { GraphqlAnswer, TestGateway } from '../../support/gateway.js';
import { counter, gauge, T0 } from '../../support/prometheus.js';

const DEVICE = 'device="/dev/sdb1",fstype="xfs",mountpoint="/data/x"';

/** A machine that works for a quarter of its time on 4 cores and has a quarter of its 16 GB in use. */
export function machine(instance: string, nodename: string): WrittenSeries[] {
  const of = `instance="${instance}"`;
  const cpus = ['0', '1', '2', '3'].flatMap((cpu) =>
    Object.entries({ user: 0.25, idle: 0.65, iowait: 0.1, steal: 0 }).map(([mode, perSecond]) =>
      counter(`node_cpu_seconds_total{${of},cpu="${cpu}",mode="${mode}"}`, { perSecond }),
    ),
  );
  return [
    ...cpus,
    gauge(`node_uname_info{${of},nodename="${nodename}",release="6.1.0"}`, 1),
    gauge(`node_load1{${of}}`, 1.5),
    gauge(`node_memory_MemTotal_bytes{${of}}`, 16e9),
    gauge(`node_memory_MemAvailable_bytes{${of}}`, 12e9),
    counter(`node_pressure_cpu_waiting_seconds_total{${of}}`, { perSecond: 0.2 }),
    counter(`node_pressure_memory_stalled_seconds_total{${of}}`, { perSecond: 0.01 }),
    counter(`node_pressure_io_stalled_seconds_total{${of}}`, { perSecond: 0.02 }),
    gauge(`node_filesystem_size_bytes{${of},${DEVICE}}`, 50e9),
    gauge(`node_filesystem_avail_bytes{${of},${DEVICE}}`, 20e9),
    gauge(`node_filesystem_readonly{${of},${DEVICE}}`, 1),
    gauge(`node_filesystem_size_bytes{${of},device="tmpfs",fstype="tmpfs",mountpoint="/run"}`, 1e9),
    counter(`node_disk_read_bytes_total{${of},device="sda"}`, { perSecond: 1_000 }),
    counter(`node_disk_written_bytes_total{${of},device="sda"}`, { perSecond: 2_000 }),
    counter(`node_disk_io_time_seconds_total{${of},device="sda"}`, { perSecond: 0.3 }),
    counter(`node_network_receive_bytes_total{${of},device="eth0"}`, { perSecond: 5_000 }),
    counter(`node_network_receive_bytes_total{${of},device="lo"}`, { perSecond: 99_999 }),
    counter(`node_network_transmit_bytes_total{${of},device="eth0"}`, { perSecond: 6_000 }),
    counter(`node_network_receive_errs_total{${of},device="eth0"}`, { perSecond: 0.5 }),
    counter(`node_network_transmit_errs_total{${of},device="eth0"}`, { perSecond: 0.25 }),
  ];
}

/** What Kubernetes says of a node with 4 cores, of which pods may use 3.5. */
export function kubeNode(name: string, address: string): WrittenSeries[] {
  const resources = {
    capacity: { cpu: 4, memory: 16e9, pods: 110 },
    allocatable: { cpu: 3.5, memory: 15e9, pods: 100 },
  };
  return [
    gauge(`kube_node_info{node="${name}",kubelet_version="v1.30.1",os_image="Debian 12",internal_ip="${address}"}`, 1),
    ...['true', 'false', 'unknown'].map((status) =>
      gauge(
        `kube_node_status_condition{node="${name}",condition="Ready",status="${status}"}`,
        status === 'true' ? 1 : 0,
      ),
    ),
    gauge(`kube_node_spec_unschedulable{node="${name}"}`, 0),
    ...Object.entries(resources).flatMap(([kind, amounts]) =>
      Object.entries(amounts).map(([resource, amount]) =>
        gauge(`kube_node_status_${kind}{node="${name}",resource="${resource}"}`, amount),
      ),
    ),
  ];
}

/** A pod of a Deployment with one container `app`, which uses 0.4 of its 1 core and 50 of its 200 MB. */
export function kubePod(pod: string, node: string, deployment: string): WrittenSeries[] {
  const of = `namespace="shop",pod="${pod}"`;
  const app = `${of},container="app"`;
  const cgroup = `${app},id="/${pod}/app",image="i",name="k",instance="${node}"`;
  const sandbox = `${of},id="/${pod}",interface="eth0",image="pause",instance="${node}"`;
  return [
    gauge(`kube_pod_info{${of},uid="u-${pod}",node="${node}"}`, 1),
    gauge(`kube_pod_status_phase{${of},phase="Running"}`, 1),
    gauge(`kube_pod_status_phase{${of},phase="Pending"}`, 0),
    gauge(`kube_pod_status_ready{${of},condition="true"}`, 1),
    gauge(`kube_pod_owner{${of},owner_kind="ReplicaSet",owner_name="${deployment}-rs",owner_is_controller="true"}`, 1),
    gauge(
      `kube_replicaset_owner{namespace="shop",replicaset="${deployment}-rs",owner_kind="Deployment",owner_name="${deployment}"}`,
      1,
    ),
    gauge(`kube_pod_container_info{${app},image="img:${deployment}"}`, 1),
    gauge(`kube_pod_container_status_running{${app}}`, 1),
    gauge(`kube_pod_container_status_waiting{${app}}`, 0),
    gauge(`kube_pod_container_status_terminated{${app}}`, 0),
    gauge(`kube_pod_container_status_ready{${app}}`, 1),
    gauge(`kube_pod_container_status_restarts_total{${app}}`, 3),
    gauge(`kube_pod_container_status_last_terminated_reason{${app},reason="OOMKilled"}`, 1),
    gauge(`kube_pod_container_resource_requests{${app},node="${node}",resource="cpu"}`, 0.5),
    gauge(`kube_pod_container_resource_limits{${app},node="${node}",resource="cpu"}`, 1),
    gauge(`kube_pod_container_resource_requests{${app},node="${node}",resource="memory"}`, 1e8),
    gauge(`kube_pod_container_resource_limits{${app},node="${node}",resource="memory"}`, 2e8),
    counter(`container_cpu_usage_seconds_total{${cgroup},cpu="total"}`, { perSecond: 0.4 }),
    counter(`container_cpu_usage_seconds_total{${of},cpu="total",id="/${pod}"}`, { perSecond: 0.5 }),
    gauge(`container_memory_working_set_bytes{${cgroup}}`, 5e7),
    counter(`container_cpu_cfs_periods_total{${cgroup}}`, { perSecond: 10 }),
    counter(`container_cpu_cfs_throttled_periods_total{${cgroup}}`, { perSecond: 2.5 }),
    counter(`container_oom_events_total{${cgroup}}`, { perSecond: 3 / 3_600 }),
    counter(`container_network_receive_bytes_total{${sandbox}}`, { perSecond: 700 }),
    counter(`container_network_transmit_bytes_total{${sandbox}}`, { perSecond: 800 }),
  ];
}

export interface Calls {
  readonly from: string;
  readonly to: string;
  readonly perSecond: number;
  /** How long each takes: a bound of Envoy's histograms. */
  readonly latencyMs: number;
  readonly code?: string;
  readonly reporter?: 'source' | 'destination';
}

const BOUNDS_MS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, Number.POSITIVE_INFINITY];

/** Calls of 100 bytes with answers of 2,000, as the proxy of one side counts them. */
export function calls({
  from,
  to,
  perSecond,
  latencyMs,
  code = '200',
  reporter = 'destination',
}: Calls): WrittenSeries[] {
  const pod = `${reporter === 'source' ? from : to}-1`;
  const of =
    `reporter="${reporter}",source_workload="${from}",source_workload_namespace="shop",` +
    `destination_service_name="${to}",destination_service_namespace="shop",` +
    `destination_workload="${to}",destination_workload_namespace="shop",` +
    `request_protocol="http",response_code="${code}",response_flags="-",pod="${pod}",namespace="shop"`;
  return [
    counter(`istio_requests_total{${of}}`, { perSecond }),
    ...BOUNDS_MS.map((bound) =>
      counter(
        `istio_request_duration_milliseconds_bucket{${of},le="${bound === Number.POSITIVE_INFINITY ? '+Inf' : bound}"}`,
        { perSecond: bound >= latencyMs ? perSecond : 0 },
      ),
    ),
    counter(`istio_request_bytes_sum{${of}}`, { perSecond: perSecond * 100 }),
    counter(`istio_response_bytes_sum{${of}}`, { perSecond: perSecond * 2_000 }),
  ];
}

/** Asks at T0 and expects no error. */
export async function askAtT0(gateway: TestGateway, selection: string): Promise<Record<string, unknown>> {
  const answer: GraphqlAnswer = await gateway.query(`query ($at: DateTime!) { ${selection} }`, {
    at: new Date(T0).toISOString(),
  });
  if (answer.errors !== undefined || answer.data == null) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}

/** The values of an answer: a figure becomes its number, or why it has none; numbers are rounded to 12 digits. */
export function plain(value: unknown): unknown {
  if (typeof value === 'number') return Number(value.toPrecision(12));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if ('missing' in value && 'value' in value) return plain(value.value ?? value.missing);
  if ('nodes' in value && Object.keys(value).length === 1) return plain(value.nodes);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

/** `cpuUsage { value missing } load1 { value missing }` */
export function figures(names: string): string {
  return names
    .split(' ')
    .map((name) => `${name} { value missing }`)
    .join(' ');
}
