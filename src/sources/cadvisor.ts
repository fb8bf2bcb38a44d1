import { type Ask, containerKey, type Family, foldBy, group, hostOf, native, podKey, select } from './family.js';
import type { InstantSeries } from './prometheus/answer.js';
import { increase, type Matchers, rate } from './prometheus/promql.js';

const CPU = 'container_cpu_usage_seconds_total';
const WORKING_SET = 'container_memory_working_set_bytes';
const PERIODS = 'container_cpu_cfs_periods_total';
const THROTTLED = 'container_cpu_cfs_throttled_periods_total';
const OOM = 'container_oom_events_total';

/** Without these the pod's own cgroup and its sandbox (`POD`, or no name under containerd) would count as containers. */
const CONTAINERS: Matchers = { container: [{ not: '' }, { not: 'POD' }] };
/** Network counters live on the sandbox only: never beside a matcher on `container`. */
const PODS: Matchers = { pod: { not: '' }, interface: { not: 'lo' } };

const POD = native('namespace', 'pod');
/** What tells which kubelet was scraped. */
const KUBELET = ['node', 'instance'];
const CONTAINER = native('namespace', 'pod', 'container');

const byContainer = foldBy(containerKey);
const byPod = foldBy(podKey);

export const cadvisorFamilies = {
  // The kubelet gives the same counter on /metrics/resource: `max` takes one of the two, and one of an HA pair.
  'container.cpuUsage': figure([CPU], (ask) =>
    group(ask, 'max', CONTAINER, `sum without (cpu) (${rated(ask, CPU, CONTAINERS)})`),
  ),
  'container.cpuThrottling': {
    ...figure([PERIODS], (ask) => `${periods(ask, THROTTLED)} / ${periods(ask, PERIODS)}`),
    // A comparison would lose the containers of which nothing happened.
    isGreatestRow: false,
    notANumber: 'NO_EVENTS',
  },
  'container.memoryWorkingSet': figure([WORKING_SET], (ask) =>
    group(ask, 'max', CONTAINER, select(ask, 'CADVISOR', WORKING_SET, CONTAINERS)),
  ),
  // A restart gives the container a new cgroup, whose kills add to those of the old one.
  'container.oomKills': figure([OOM], (ask) => {
    const kills = select(ask, 'CADVISOR', OOM, CONTAINERS, (vector) => increase(vector, ask.windowMs));
    return group(ask, 'sum', CONTAINER, `round(${group(ask, 'max', [...CONTAINER, 'id'], kills)})`);
  }),
  'pod.networkReceiveRate': network('container_network_receive_bytes_total'),
  'pod.networkTransmitRate': network('container_network_transmit_bytes_total'),
} satisfies Record<string, Family>;

/** Containers with their images, where kube-state-metrics does not tell of them. */
export function containersSeen(ask: Ask): string {
  return group(ask, 'max', [...CONTAINER, 'image'], select(ask, 'CADVISOR', WORKING_SET, CONTAINERS));
}

/** Pods with their kubelets, where kube-state-metrics does not tell of them. */
export function podsSeen(ask: Ask): string {
  return group(ask, 'max', [...POD, ...KUBELET], select(ask, 'CADVISOR', WORKING_SET, CONTAINERS));
}

/** Kubelets, where nothing else tells of nodes. */
export function kubeletsSeen(ask: Ask): string {
  return group(ask, 'max', KUBELET, select(ask, 'CADVISOR', WORKING_SET, CONTAINERS));
}

/** Gives a row its node: scrapes that do not name it have the kubelet's host for an instance. */
export function placed(row: InstantSeries): InstantSeries {
  const { node = hostOf(row.labels.instance ?? '') } = row.labels;
  return { ...row, labels: { ...row.labels, node } };
}

/** Any of these shows that containers are measured. */
export const containerMetrics = [WORKING_SET];

function figure(metrics: readonly string[], promql: Family['promql'], fold: Family['fold'] = byContainer): Family {
  return { metrics, promql, fold, isGreatestRow: true, notANumber: 'NOT_A_NUMBER' };
}

function network(metric: string): Family {
  const promql = (ask: Ask) =>
    group(ask, 'sum', POD, group(ask, 'max', [...POD, 'interface'], rated(ask, metric, PODS)));
  return figure([metric], promql, byPod);
}

function periods(ask: Ask, metric: string): string {
  return group(ask, 'max', CONTAINER, rated(ask, metric, CONTAINERS));
}

function rated(ask: Ask, metric: string, matchers: Matchers): string {
  return select(ask, 'CADVISOR', metric, matchers, (vector) => rate(vector, ask.windowMs));
}
