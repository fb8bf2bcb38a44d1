/** What the graph must say of the sample of exporters, worked out by hand from the sample and `sample-growth.ts`. */
export interface Truth {
  /** Where the entity stands: its fields replace `FIELDS`. */
  readonly at: string;
  /** Field (as it is asked for), what it says (a figure its value, or why it has none), and how that was worked out. */
  readonly fields: readonly (readonly [field: string, expected: unknown, how: string])[];
}

const inCluster = (list: string) => `cluster(name: "edge", at: $at) { ${list} }`;
const nodeAt = (name: string) => inCluster(`nodes(filter: { name: { eq: "${name}" } }) { nodes { FIELDS } }`);
const podAt = (name: string) => inCluster(`pods(filter: { name: { eq: "${name}" } }) { nodes { FIELDS } }`);
const containerAt = (pod: string, name: string) =>
  inCluster(`containers(filter: { pod: { eq: "${pod}" }, name: { eq: "${name}" } }) { nodes { FIELDS } }`);
const microserviceAt = (namespace: string, name: string) =>
  `microservice(cluster: "edge", namespace: "${namespace}", name: "${name}", at: $at) { FIELDS }`;
const modelServerAt = (name: string) =>
  `microservice(cluster: "edge", namespace: "ai", name: "${name}", at: $at) { inference { FIELDS } }`;

const FRONTEND = 'frontend-6d5c7f9b8-x2x4q';
const CHECKOUT = 'checkout-7c9dd8f6c-9kq2m';
const LACKS = 'the sample has no such series';
const NOT_OF = 'the exporter runs, and tells it of others only';

export const TRUTH: Readonly<Record<string, Truth>> = {
  'the cluster': {
    at: inCluster('FIELDS'),
    fields: [
      ['cpuUtilization', 4_800 / 14_400, 'busy of the seconds of both processors of cpu-1'],
      ['memoryUtilization', 1 - 12 / 33.5, '1 - MemAvailable / MemTotal'],
      [
        'podCapacityUtilization',
        4 / 220,
        'running pods of frontend, checkout, vllm-llama-0, triton; 110 on either node',
      ],
      ['reachable', true, 'it answers'],
      ['namespaces', ['ai', 'monitoring', 'shop'], 'of pods'],
      ['dataSources { name reachable error }', [{ name: 'edge', reachable: true, error: null }], 'the only one'],
    ],
  },
  'node cpu-1': {
    at: nodeAt('cpu-1'),
    fields: [
      ['cpuCapacity', 8, 'kube_node_status_capacity'],
      ['cpuAllocatable', 7.91, 'kube_node_status_allocatable'],
      ['cpuRequested', 0.5, 'by the container app of frontend'],
      ['cpuUsage', 4_800 / 7_200, '3,600 of cpu 0 and 1,200 of cpu 1, save idle, iowait and steal'],
      ['cpuUtilization', 4_800 / 14_400, 'of two processors'],
      ['load1', 1.7, 'node_load1'],
      ['cpuPressure', 90 / 3_600, 'seconds waited a second'],
      ['memoryPressure', 1 / 3_600, 'seconds stalled a second'],
      ['ioPressure', 20 / 3_600, 'seconds stalled a second'],
      ['memoryCapacity', 3.35e10, 'kube_node_status_capacity'],
      ['memoryAllocatable', 3.2e10, 'kube_node_status_allocatable'],
      ['memoryRequested', 536_870_912, 'by the container app of frontend'],
      ['memoryUsage', 2.15e10, 'MemTotal - MemAvailable'],
      ['memoryUtilization', 1 - 12 / 33.5, '1 - MemAvailable / MemTotal'],
      ['diskReadRate', 'NOT_COLLECTED', LACKS],
      ['diskWriteRate', 'NOT_COLLECTED', LACKS],
      ['diskIOUtilization', 360 / 720, 'seconds of I/O a second'],
      ['networkReceiveRate', 7.2e9 / 1_000, 'of eth0'],
      ['networkTransmitRate', 3.6e9 / 2_000, 'of eth0'],
      ['networkErrorRate', 'NOT_COLLECTED', `${LACKS}: drops are no errors`],
      ['ready', true, 'condition Ready'],
      ['schedulable', true, 'kube_node_spec_unschedulable 0'],
      ['roles', ['worker'], 'kube_node_role'],
      ['zone', null, 'kube_node_labels knows gpu-1 only'],
      ['region', null, LACKS],
      ['kubeletVersion', 'v1.33.2', 'kube_node_info'],
      ['kernelVersion', '6.8.0-45-generic', 'kube_node_info'],
      ['osImage', 'Ubuntu 24.04.1 LTS', 'kube_node_info'],
      ['internalIP', '10.0.0.11', 'kube_node_info'],
      [
        'conditions { type status }',
        [
          { type: 'MemoryPressure', status: 'FALSE' },
          { type: 'Ready', status: 'TRUE' },
        ],
        'of the three states of each the one that is 1',
      ],
      [
        'filesystems { mountpoint device fstype readOnly size { value missing } available { value missing } utilization { value missing } }',
        [
          {
            mountpoint: '/',
            device: '/dev/nvme0n1p1',
            fstype: 'ext4',
            readOnly: false,
            size: 1e11,
            available: 3.1e10,
            utilization: 0.69,
          },
        ],
        '1 - 31 / 100 GB',
      ],
      ['gpus { uuid }', [], 'DCGM tells of gpu-1'],
      [
        'pods { nodes { name } }',
        [{ name: 'node-exporter-aaaaa' }, { name: CHECKOUT }, { name: FRONTEND }],
        'kube_pod_info with its name',
      ],
      [
        'containers { nodes { name } }',
        [{ name: 'app' }, { name: 'app' }, { name: 'istio-proxy' }],
        'of checkout and frontend, the native sidecar too',
      ],
    ],
  },
  'node gpu-1': {
    at: nodeAt('gpu-1'),
    fields: [
      ['cpuCapacity', 'NO_SAMPLE', NOT_OF],
      ['cpuAllocatable', 191.4, 'kube_node_status_allocatable'],
      ['cpuRequested', 0, 'its pods ask for no processor'],
      ['cpuUsage', 'NO_SAMPLE', NOT_OF],
      ['load1', 'NO_SAMPLE', NOT_OF],
      ['memoryUtilization', 'NO_SAMPLE', NOT_OF],
      ['zone', 'eu-west-1b', 'kube_node_labels'],
      ['roles', [], 'kube_node_role knows cpu-1 only'],
      [
        'gpus { uuid index model lastXid node { name } container { name pod { name } } utilization { value missing } memoryUsed { value missing } memoryUtilization { value missing } temperature { value missing } power { value missing } }',
        [
          {
            uuid: 'GPU-2b1f6c1e-0000-4a4a-8888-000000000000',
            index: 0,
            model: 'NVIDIA H100 80GB HBM3',
            lastXid: 0,
            node: { name: 'gpu-1' },
            container: { name: 'vllm', pod: { name: 'vllm-llama-0' } },
            utilization: 0.87,
            memoryUsed: 71_230 * 2 ** 20,
            memoryUtilization: Number((71_230 / (71_230 + 9_700 + 629)).toPrecision(12)),
            temperature: 61,
            power: 512.7,
          },
          {
            uuid: 'GPU-2b1f6c1e-1111-4a4a-8888-000000000001',
            index: 1,
            model: 'NVIDIA H100 80GB HBM3',
            lastXid: null,
            node: { name: 'gpu-1' },
            container: null,
            utilization: 0,
            memoryUsed: 4 * 2 ** 20,
            memoryUtilization: Number((4 / (4 + 80_926 + 629)).toPrecision(12)),
            temperature: 'NO_SAMPLE',
            power: 71,
          },
        ],
        'MiB used of used, free and reserved; the second tells neither temperature nor XID',
      ],
    ],
  },
  'pod frontend': {
    at: podAt(FRONTEND),
    fields: [
      ['namespace', 'shop', 'kube_pod_info'],
      ['node { name }', { name: 'cpu-1' }, 'kube_pod_info'],
      ['phase', 'RUNNING', 'the phase that is 1'],
      ['ready', true, 'kube_pod_status_ready'],
      ['workload { kind name }', { kind: 'Deployment', name: 'frontend' }, 'through its ReplicaSet'],
      ['microservice { name }', { name: 'frontend' }, 'the service that its workload answers for'],
      ['containers { name }', [{ name: 'app' }, { name: 'istio-proxy' }], 'the native sidecar too'],
      ['networkReceiveRate', 9e8 / 1_800, 'of the sandbox'],
      ['networkTransmitRate', 4e8 / 800, 'of the sandbox'],
    ],
  },
  'pod vllm-llama-1, which no node has taken': {
    at: podAt('vllm-llama-1'),
    fields: [
      ['node { name }', null, 'its node is empty'],
      ['phase', 'PENDING', 'the phase that is 1'],
      ['ready', null, LACKS],
      ['workload { kind name }', { kind: 'StatefulSet', name: 'vllm-llama' }, 'kube_pod_owner'],
      ['networkReceiveRate', 'NO_SAMPLE', NOT_OF],
    ],
  },
  'container app of frontend': {
    at: containerAt(FRONTEND, 'app'),
    fields: [
      ['image', 'ghcr.io/acme/frontend:1.4.2', 'kube_pod_container_info'],
      ['state', 'RUNNING', 'kube_pod_container_status_running'],
      ['stateReason', null, 'it does not wait'],
      ['ready', true, 'kube_pod_container_status_ready'],
      ['restarts', 0, 'kube_pod_container_status_restarts_total'],
      ['lastTerminationReason', null, 'it never ended'],
      ['pod { name }', { name: FRONTEND }, 'its pod'],
      ['namespace', 'shop', 'of its pod'],
      ['node { name }', { name: 'cpu-1' }, 'of its pod'],
      ['microservice { name }', { name: 'frontend' }, 'of its pod'],
      ['gpus { uuid }', [], 'none is given to it'],
      ['cpuUsage', 1_200 / 3_600, 'of cAdvisor; /metrics/resource tells it once more'],
      ['cpuRequest', 0.5, 'kube_pod_container_resource_requests'],
      ['cpuLimit', 1, 'kube_pod_container_resource_limits'],
      ['cpuThrottling', 5_400 / 36_000, 'periods throttled of all'],
      ['cpuUtilization', 1_200 / 3_600, 'of its limit of 1'],
      ['memoryWorkingSet', 4.2e8, 'container_memory_working_set_bytes'],
      ['memoryRequest', 536_870_912, 'kube_pod_container_resource_requests'],
      ['memoryLimit', 1_073_741_824, 'kube_pod_container_resource_limits'],
      ['memoryUtilization', 4.2e8 / 1_073_741_824, 'of its limit'],
      ['oomKills', 0, 'the counter stays at 0'],
    ],
  },
  'container istio-proxy of frontend': {
    at: containerAt(FRONTEND, 'istio-proxy'),
    fields: [
      ['image', 'docker.io/istio/proxyv2:1.29.2', 'kube_pod_init_container_info'],
      ['cpuUsage', 300 / 3_600, 'of cAdvisor'],
      ['cpuLimit', 'NO_SAMPLE', NOT_OF],
      ['cpuUtilization', 'NO_SAMPLE', 'there is no limit to be a share of'],
      ['memoryWorkingSet', 6e7, 'container_memory_working_set_bytes'],
      ['memoryUtilization', 'NO_SAMPLE', 'there is no limit to be a share of'],
      ['oomKills', 'NO_SAMPLE', NOT_OF],
    ],
  },
  'container app of checkout': {
    at: containerAt(CHECKOUT, 'app'),
    fields: [
      ['state', 'WAITING', 'kube_pod_container_status_waiting'],
      ['stateReason', 'CrashLoopBackOff', 'kube_pod_container_status_waiting_reason'],
      ['ready', false, 'kube_pod_container_status_ready'],
      ['restarts', 6, 'kube_pod_container_status_restarts_total'],
      ['lastTerminationReason', 'OOMKilled', 'kube_pod_container_status_last_terminated_reason'],
      ['cpuUsage', 'NO_SAMPLE', 'cAdvisor tells of a container that runs'],
    ],
  },
  'microservice checkout': {
    at: microserviceAt('shop', 'checkout'),
    fields: [
      [
        'requestRate',
        108_450 / 900,
        "HTTP and gRPC as checkout's own proxy counts; what its callers count is not added",
      ],
      [
        'errorRatio',
        855 / 108_855,
        'as its callers count: 500, 503, 504 and UNAVAILABLE of gRPC, of all that they did not give up',
      ],
      ['successRatio', 108_000 / 108_855, 'the rest'],
      ['latency', 0.1 + 0.15 * (4_500 / 7_200), '85,500 of 90,000 lie in 100..250 ms, 4,500 of its 7,200'],
      ['p50: latency(quantile: 0.5)', 0.01 + 0.015, '45,000 of 90,000 end the bucket of 25 ms'],
      ['requestThroughput', 'NOT_COLLECTED', LACKS],
      ['responseThroughput', 1.8e8 / 1_800, 'bytes of responses'],
      [
        'responseCodes { code protocol rate { value missing } }',
        [
          { code: '0', protocol: 'grpc', rate: 18_000 / 900 },
          { code: '200', protocol: 'http', rate: 90_000 / 900 },
          { code: '500', protocol: 'http', rate: 450 / 900 },
        ],
        'of gRPC its own status',
      ],
      [
        'callers { sourceName protocol requestRate { value missing } errorRatio { value missing } latency { value missing } connectionRate { value missing } requestThroughput { value missing } responseThroughput { value missing } }',
        [
          {
            sourceName: 'frontend',
            protocol: 'grpc',
            requestRate: 18_000 / 900,
            errorRatio: 180 / 18_180,
            latency: 'NO_SAMPLE',
            connectionRate: 'NOT_COLLECTED',
            requestThroughput: 'NO_SAMPLE',
            responseThroughput: 'NO_SAMPLE',
          },
          {
            sourceName: 'frontend',
            protocol: 'http',
            requestRate: 90_450 / 900,
            errorRatio: 675 / 90_675,
            latency: 0.1 + 0.15 * (4_500 / 7_200),
            connectionRate: 'NOT_COLLECTED',
            requestThroughput: 'NO_SAMPLE',
            responseThroughput: 1.8e8 / 1_800,
          },
        ],
        'by protocol, rates and times as checkout counts, errors as its callers do; calls are no connections, and of gRPC there are neither times nor bytes',
      ],
      ['callees { targetName }', [], 'it calls nobody'],
      ['pods { nodes { name } }', [{ name: CHECKOUT }], 'of its workload'],
      ['containers { nodes { name } }', [{ name: 'app' }], 'of its pods'],
      ['nodes { name }', [{ name: 'cpu-1' }], 'of its pods'],
      ['application { name }', { name: 'webshop' }, 'app.kubernetes.io/part-of of its pods'],
      ['inference { server }', [], 'it serves no model'],
    ],
  },
  'microservice frontend': {
    at: microserviceAt('shop', 'frontend'),
    fields: [
      ['requestRate', 121_200 / 900, 'as its own proxy counts; the gateway counts them too'],
      ['errorRatio', 0, "404 is the caller's fault"],
      ['latency', 'NO_SAMPLE', NOT_OF],
      [
        'callees { targetName protocol requestRate { value missing } connectionRate { value missing } requestThroughput { value missing } responseThroughput { value missing } }',
        [
          callee('llm-gateway', 'http', 3_636 / 900, 'NO_SAMPLE'),
          callee('checkout', 'grpc', 18_000 / 900, 'NO_SAMPLE'),
          callee('checkout', 'http', 90_450 / 900, 1.8e8 / 1_800),
          {
            targetName: 'redis',
            protocol: 'tcp',
            requestRate: 'NOT_COLLECTED',
            connectionRate: 40 / 60,
            requestThroughput: 9e6 / 90,
            responseThroughput: 5e7 / 50,
          },
        ],
        'of redis connections and bytes, as its caller counts; the tunnel to the waypoint is not told once more',
      ],
    ],
  },
  'microservice llm-gateway, behind a waypoint': {
    at: microserviceAt('ai', 'llm-gateway'),
    fields: [
      ['requestRate', 3_636 / 900, 'as the waypoint counts'],
      ['errorRatio', 0, "429 is the caller's fault"],
    ],
  },
  'microservice redis, whose requests nobody counts': {
    at: microserviceAt('shop', 'redis'),
    fields: [['requestRate', 'NO_SAMPLE', NOT_OF]],
  },
  vLLM: {
    at: modelServerAt('vllm-llama'),
    fields: [
      ['server', 'vllm', 'by its metrics'],
      ['model', 'meta-llama/Llama-3.1-8B-Instruct', 'label model_name'],
      ['timeToFirstToken', 0.5, '34,200 of 36,000 within 0.5 s'],
      ['interTokenLatency', 0.05, '6,840,000 of 7,200,000 within 0.05 s'],
      ['queueTime', (0.3 * 34_200) / 34_560, 'in the first bucket, to 0.3 s'],
      ['endToEndLatency', 10 + (5 * (34_200 - 32_400)) / (34_560 - 32_400), 'between 10 and 15 s'],
      ['tokenThroughput', 7.2e6 / 1_800, 'tokens generated'],
      ['requestsRunning', 24, 'vllm:num_requests_running'],
      ['requestsWaiting', 3, 'vllm:num_requests_waiting'],
      ['cacheUtilization', 0.82, 'vllm:kv_cache_usage_perc'],
    ],
  },
  Triton: {
    at: modelServerAt('triton'),
    fields: [
      ['server', 'triton', 'by its metrics'],
      ['requestsWaiting', 2, 'nv_inference_pending_request_count'],
      ['timeToFirstToken', 'NOT_COLLECTED', LACKS],
      ['endToEndLatency', 'NOT_COLLECTED', 'it tells sums of time, of which there is no quantile'],
    ],
  },
  KServe: {
    at: modelServerAt('iris-predictor'),
    fields: [
      ['server', 'kserve', 'by its metrics'],
      ['endToEndLatency', 0.025 + 0.025 * (240 / 300), '6,840 of 7,200 lie in 25..50 ms, 240 of its 300'],
      ['requestsRunning', 'NOT_COLLECTED', LACKS],
    ],
  },
  'Ray Serve': {
    at: modelServerAt('ray'),
    fields: [
      ['server', 'ray-serve', 'by its metrics'],
      ['model', 'chat', 'label application'],
      ['endToEndLatency', 'NOT_COLLECTED', LACKS],
    ],
  },
  'the inference gateway': {
    at: modelServerAt('llama-epp'),
    fields: [
      ['server', 'inference-gateway', 'by its metrics'],
      ['model', 'llama', 'the name of its pool'],
      ['requestsWaiting', 1.5 * 2, 'waiting on average of two ready pods'],
      ['cacheUtilization', 0.71, 'inference_pool_average_kv_cache_utilization'],
      ['tokenThroughput', 'NOT_COLLECTED', LACKS],
    ],
  },
  'the application': {
    at: 'application(name: "webshop", at: $at) { FIELDS }',
    fields: [
      [
        'microservices { name }',
        [{ name: 'checkout' }, { name: 'frontend' }],
        'app.kubernetes.io/part-of of their pods',
      ],
      ['clusters { name }', [{ name: 'edge' }], 'of its microservices'],
      ['unreachable', [], 'it answers'],
      ['health', null, 'it has no SLO'],
      [
        'serviceGraph { outside nodes { name } edges { sourceName targetName protocol } }',
        {
          outside: ['istio-ingressgateway'],
          nodes: [{ name: 'llm-gateway' }, { name: 'checkout' }, { name: 'frontend' }, { name: 'redis' }],
          edges: [
            { sourceName: 'istio-ingressgateway', targetName: 'frontend', protocol: 'http' },
            { sourceName: 'frontend', targetName: 'llm-gateway', protocol: 'http' },
            { sourceName: 'frontend', targetName: 'checkout', protocol: 'grpc' },
            { sourceName: 'frontend', targetName: 'checkout', protocol: 'http' },
            { sourceName: 'frontend', targetName: 'redis', protocol: 'tcp' },
          ],
        },
        'what its microservices call and who calls them; nothing tells of a service behind the ingress gateway',
      ],
    ],
  },
};

function callee(targetName: string, protocol: string, requestRate: number, responseThroughput: number | string) {
  const none = { connectionRate: 'NOT_COLLECTED', requestThroughput: 'NO_SAMPLE' };
  return { targetName, protocol, requestRate, ...none, responseThroughput };
}
