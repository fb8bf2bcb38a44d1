import { type Matchers, selector } from './prometheus/promql.js';
import { buckets, latency, mean, optional, type TemplateEntry } from './sli-template-entry.js';
import type { Given, TemplateQueries } from './sli-template-given.js';

const MINIO_BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const STORE = {
  namespace: optional('Namespace of the object store.'),
  server: optional('One server of the object store, `host:port`; all together when absent.'),
  api: optional('One call of the S3 API, `getobject`; all together when absent.'),
};
const CEPH_NAMESPACE = optional('Namespace of the Ceph cluster, where it runs in Kubernetes.');
const POOL = {
  namespace: CEPH_NAMESPACE,
  pool: optional('Id of one pool, as in `ceph osd pool ls detail`; all together when absent.'),
};
const OSD = { namespace: CEPH_NAMESPACE, osd: optional('One OSD, `osd.0`; all together when absent.') };

/** What object and block stores say. */
export const storageTemplates: readonly TemplateEntry[] = [
  {
    name: 'minio-availability',
    description: 'Share of S3 requests that MinIO did not answer with 5xx.',
    kind: 'RATIO',
    category: 'AVAILABILITY',
    unit: 'RATIO',
    source: 'STORAGE',
    parameters: STORE,
    expand: (given) => ({
      kind: 'RATIO',
      bad: `sum(${selector('minio_s3_requests_5xx_errors_total', store(given))})`,
      total: `sum(${selector('minio_s3_requests_total', store(given))})`,
    }),
  },
  {
    name: 'minio-latency',
    description: 'Share of S3 requests whose first byte MinIO sent within `threshold`.',
    kind: 'RATIO',
    category: 'LATENCY',
    unit: 'RATIO',
    source: 'STORAGE',
    parameters: { ...STORE, threshold: latency('100ms') },
    expand: (given) =>
      buckets(
        'minio_s3_requests_ttfb_seconds_distribution',
        store(given),
        given.bound('threshold', MINIO_BOUNDS, 1_000, null).toFixed(3),
      ),
  },
  {
    name: 'minio-durability',
    description: 'Drives online beyond the write quorum, in the erasure set that has fewest.',
    kind: 'VALUE',
    category: 'DURABILITY',
    unit: 'COUNT',
    source: 'STORAGE',
    parameters: { namespace: STORE.namespace },
    expand(given) {
      const set = (name: string) =>
        selector(`minio_cluster_health_erasure_set_${name}`, given.test('namespace', 'namespace'));
      const online = `min by (pool, set) (${set('online_drives')})`;
      return { kind: 'VALUE', value: `min(${online} - max by (pool, set) (${set('write_quorum')}))` };
    },
  },
  {
    name: 'ceph-availability',
    description: 'Placement groups of Ceph that serve reads and writes, as a share of all, 0..1.',
    kind: 'VALUE',
    category: 'AVAILABILITY',
    unit: 'RATIO',
    source: 'STORAGE',
    parameters: POOL,
    expand: (given) => placementGroups('active', given),
  },
  {
    name: 'ceph-durability',
    description: 'Placement groups of Ceph with all their copies, consistent and in place, as a share of all, 0..1.',
    kind: 'VALUE',
    category: 'DURABILITY',
    unit: 'RATIO',
    source: 'STORAGE',
    parameters: POOL,
    expand: (given) => placementGroups('clean', given),
  },
  {
    name: 'ceph-read-latency',
    description: 'Mean time of a read from an OSD of Ceph, in seconds, over 5 minutes.',
    kind: 'VALUE',
    category: 'LATENCY',
    unit: 'SECONDS',
    source: 'STORAGE',
    parameters: OSD,
    expand: (given) => mean('ceph_osd_op_r_latency_sum', 'ceph_osd_op_r_latency_count', osd(given)),
  },
  {
    name: 'ceph-write-latency',
    description: 'Mean time of a write to an OSD of Ceph, in seconds, over 5 minutes.',
    kind: 'VALUE',
    category: 'LATENCY',
    unit: 'SECONDS',
    source: 'STORAGE',
    parameters: OSD,
    expand: (given) => mean('ceph_osd_op_w_latency_sum', 'ceph_osd_op_w_latency_count', osd(given)),
  },
  {
    name: 'ceph-object-availability',
    description: 'Share of requests to the object gateway of Ceph (RGW) that did not fail.',
    kind: 'RATIO',
    category: 'AVAILABILITY',
    unit: 'RATIO',
    source: 'STORAGE',
    parameters: {
      namespace: CEPH_NAMESPACE,
      gateway: optional('One gateway, label `instance_id`; all together when absent.'),
    },
    expand(given) {
      const gateway = { ...given.test('namespace', 'namespace'), ...given.test('instance_id', 'gateway') };
      return {
        kind: 'RATIO',
        bad: `sum(${selector('ceph_rgw_failed_req', gateway)})`,
        total: `sum(${selector('ceph_rgw_req', gateway)})`,
      };
    },
  },
];

function store(given: Given): Matchers {
  return { ...given.test('namespace', 'namespace'), ...given.test('server', 'server'), ...given.test('api', 'api') };
}

function osd(given: Given): Matchers {
  return { ...given.test('namespace', 'namespace'), ...given.test('ceph_daemon', 'osd') };
}

function placementGroups(state: 'active' | 'clean', given: Given): TemplateQueries {
  const pool = { ...given.test('namespace', 'namespace'), ...given.test('pool_id', 'pool') };
  const count = (name: string) => `sum(${selector(`ceph_pg_${name}`, pool)})`;
  return { kind: 'VALUE', value: `${count(state)} / ${count('total')}` };
}
