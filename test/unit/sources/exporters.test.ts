import { expect, it } from 'vitest';
import { metricFamilies } from '../../../src/domain/metric.js';
import { exporterFindings } from '../../../src/sources/examination/exporters.js';

it('a cluster without any exporter is told of every figure that it misses', () => {
  const findings = exporterFindings('edge', new Set());
  expect(new Set(findings.map(({ level }) => level))).toEqual(new Set(['WARNING']));
  const fields = new Set(findings.flatMap((finding) => finding.fields));
  for (const [family, { entity }] of Object.entries(metricFamilies)) {
    const field = entity === 'ResponseCode' ? 'Microservice.responseCodes' : `${entity}.${family.split('.')[1]}`;
    expect(fields, family).toContain(field);
  }
});

it('a cluster without a DCGM exporter is told of the lists and the figures of GPUs', () => {
  const [gpus] = exporterFindings('edge', new Set()).filter(({ message }) => message.startsWith('no DCGM exporter'));
  expect(gpus?.fields).toEqual(
    expect.arrayContaining(['Container.gpus', 'GPU.lastXid', 'GPU.utilization', 'Node.gpus']),
  );
  const [found] = exporterFindings('edge', new Set(['DCGM_FI_DEV_FB_USED'])).filter(({ message }) =>
    message.startsWith('DCGM exporter found'),
  );
  expect(found?.fields).not.toContain('Node.gpus');
  expect(found?.fields).toContain('GPU.power');
});

it('a figure that another exporter tells as well is not missed', () => {
  const findings = exporterFindings('edge', new Set(['container_memory_working_set_bytes']));
  const kube = findings.find(({ message }) => message.startsWith('no kube-state-metrics'));
  expect(kube?.fields).toContain('Pod.phase');
  expect(kube?.fields).not.toContain('Cluster.pods');
});

it.each([
  'vllm:num_requests_running',
  'kserve_vllm:num_requests_running',
  'nv_inference_count',
  'ray_serve_replica_processing_queries',
])('%s tells of a model server', (metric) => {
  const findings = exporterFindings('edge', new Set([metric]));
  expect(findings.some(({ message }) => /^model server .* found/.test(message))).toBe(true);
});
