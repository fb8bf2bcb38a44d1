import { type EntityKey, entityKey } from '../domain/entity.js';
import { type Ask, type Family, foldBy, group, native, on, select, selectAll } from './family.js';
import { firstOf } from './inventory-rows.js';
import type { Labels } from './prometheus/answer.js';
import type { Matchers } from './prometheus/promql.js';

const UTILIZATION = 'DCGM_FI_DEV_GPU_UTIL';
const ENGINE_ACTIVE = 'DCGM_FI_PROF_GR_ENGINE_ACTIVE';
const MEMORY_USED = 'DCGM_FI_DEV_FB_USED';
const MEMORY_FREE = 'DCGM_FI_DEV_FB_FREE';
const MEMORY_RESERVED = 'DCGM_FI_DEV_FB_RESERVED';
const TEMPERATURE = 'DCGM_FI_DEV_GPU_TEMP';
const POWER = 'DCGM_FI_DEV_POWER_USAGE';
const XID = 'DCGM_FI_DEV_XID_ERRORS';

const BYTES_PER_MIB = 1_048_576;
/**
 * Old exporters write what the driver cannot tell as a number: 2147483632 and 9.2e18 for whole ones, 1.4e14 for others,
 * each with a few neighbours. No figure of a GPU in the exporter's units comes near.
 */
const BLANK = 1e9;

/** What names a GPU. A card that several pods take turns on, or that twins report, has several series: one counts. */
const GPU = ['UUID', 'uuid', 'GPU_I_ID'];
const TARGET = ['job', 'instance'];
const HOLDER = native('namespace', 'pod', 'container');

const WHOLE: Matchers = { GPU_I_ID: '' };

export const dcgmFamilies = {
  // The driver does not tell how busy an instance of a split card is; the profiling counters do.
  'gpu.utilization': figure([UTILIZATION, ENGINE_ACTIVE], (ask) => {
    const busy = `${read(ask, UTILIZATION, WHOLE)} / 100`;
    return `${busy} or ${read(ask, ENGINE_ACTIVE)}`;
  }),
  'gpu.memoryUsed': figure([MEMORY_USED], (ask) => `${read(ask, MEMORY_USED)} * ${BYTES_PER_MIB}`),
  // Older exporters do not tell what the driver reserves.
  'gpu.memoryUtilization': figure([MEMORY_USED], (ask) => {
    const used = read(ask, MEMORY_USED);
    const reserved = `(${read(ask, MEMORY_RESERVED)} or 0 * ${used})`;
    return `${used} / (${used} + ${read(ask, MEMORY_FREE)} + ${reserved})`;
  }),
  'gpu.temperature': figure([TEMPERATURE], (ask) => read(ask, TEMPERATURE)),
  'gpu.power': figure([POWER], (ask) => read(ask, POWER)),
  'gpu.lastXid': figure([XID], (ask) => read(ask, XID)),
} satisfies Record<string, Family>;

/** Any of these shows that GPUs are measured: which of them there are depends on card and exporter. */
export const gpuMetrics = [MEMORY_USED, UTILIZATION, ENGINE_ACTIVE, TEMPERATURE, POWER];

/**
 * GPUs with their holders, as of when each was last seen, in seconds; and the targets of their exporters, which are rows
 * without a UUID: where a scrape does not honour the exporter's labels, those of the target are told from a holder's by them.
 */
export function gpusVector(ask: Ask): string {
  const seen = gpuMetrics.map((metric) => `timestamp(${selectAll(ask, metric)})`).join(' or ');
  const exporters = gpuMetrics.map((metric) => selectAll(ask, metric)).join(' or ');
  const targets = `${selectAll(ask, 'up')} and ${on(ask, TARGET)} (${exporters})`;
  return `${group(ask, 'max', [...GPU, ...FACTS, ...TARGET, ...HOLDER, ...OLD_HOLDER], seen)} or ${group(ask, 'max', [...TARGET, ...HOLDER], targets)}`;
}

/** The card's name, number and place. */
const FACTS = [
  ...['gpu', 'device', 'modelName', 'GPU_I_PROFILE', 'Hostname', 'hostname', 'exported_hostname'],
  ...['node', 'kubernetes_node', 'nodename'],
];
/** Names of the holder's labels with `--use-old-namespace`. */
const OLD_HOLDER = ['pod_namespace', 'pod_name', 'container_name'];

/** The UUID of a row's card; null when it is about no GPU. */
export function uuidOf(labels: Labels): string | null {
  return firstOf(labels, 'UUID', 'uuid');
}

export function gpuKey(labels: Labels): EntityKey | null {
  const uuid = uuidOf(labels);
  const instance = firstOf(labels, 'GPU_I_ID');
  if (uuid === null) return null;
  return instance === null ? entityKey(uuid) : entityKey(uuid, instance);
}

function figure(metrics: readonly string[], promql: Family['promql']): Family {
  return { metrics, promql, fold: foldBy(gpuKey), notANumber: 'NOT_A_NUMBER' };
}

function read(ask: Ask, metric: string, matchers: Matchers = {}): string {
  return group(
    ask,
    'max',
    GPU,
    select(ask, 'DCGM', metric, matchers, (vector) => `${vector} < ${BLANK}`),
  );
}
