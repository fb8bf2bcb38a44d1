/** A dashboard: what it asks of the gateway. */
export interface Dashboard {
  readonly name: 'nodes' | 'containers';
  readonly query: string;
  /** Fields of it that are figures. */
  readonly figures: readonly string[];
}

export const dashboards: readonly Dashboard[] = [
  {
    name: 'nodes',
    figures: [
      'cpuUtilization',
      'memoryUtilization',
      'load1',
      'cpuPressure',
      'networkReceiveRate',
      'networkTransmitRate',
    ],
    query: `query Nodes($at: DateTime!) {
      cluster(name: "fleet", at: $at) {
        nodes(first: 5000) {
          totalCount
          nodes {
            id name internalIP
            cpuUtilization { value } memoryUtilization { value } load1 { value } cpuPressure { value }
            networkReceiveRate { value } networkTransmitRate { value }
          }
        }
      }
    }`,
  },
  {
    name: 'containers',
    figures: ['cpuUsage', 'cpuThrottling', 'memoryWorkingSet', 'memoryLimit'],
    query: `query Containers($at: DateTime!) {
      cluster(name: "edge", at: $at) {
        containers(first: 5000) {
          totalCount
          nodes {
            id name namespace
            cpuUsage { value } cpuThrottling { value } memoryWorkingSet { value } memoryLimit { value }
          }
        }
      }
    }`,
  },
];

/** What tells the PromQL of a figure, or of a part of the inventory, from the others of its dashboard. */
export const MARKS: Readonly<Record<Dashboard['name'], Readonly<Record<string, string>>>> = {
  nodes: {
    infos: 'kube_node_info',
    unames: 'node_uname_info',
    cpuUtilization: 'node_cpu_seconds_total',
    memoryUtilization: 'node_memory_MemAvailable_bytes',
    load1: 'node_load1',
    cpuPressure: 'node_pressure_cpu_waiting_seconds_total',
    networkReceiveRate: 'node_network_receive_bytes_total',
    networkTransmitRate: 'node_network_transmit_bytes_total',
  },
  containers: {
    infos: 'kube_pod_container_info',
    cpuUsage: 'container_cpu_usage_seconds_total',
    cpuThrottling: 'container_cpu_cfs_throttled_periods_total',
    memoryWorkingSet: 'container_memory_working_set_bytes',
    memoryLimit: 'resource="memory"',
  },
};

/** The PromQL of a dashboard by what it is for, as sent. @throws Error when one is for nothing known */
export function promqlByMark(dashboard: Dashboard['name'], sent: readonly string[]): Record<string, string> {
  const marks = Object.entries(MARKS[dashboard]);
  const found = sent.map((promql) => {
    const mark = marks.find(([, text]) => promql.includes(text));
    if (mark === undefined) throw new Error(`what is this PromQL for? ${promql}`);
    return [mark[0], promql] as const;
  });
  if (found.length !== marks.length) throw new Error(`expected ${marks.length} PromQL, ${found.length} were sent`);
  return Object.fromEntries(found);
}
