import type { FamilyName } from '../domain/metric.js';
import { cadvisorFamilies } from './cadvisor.js';
import { dcgmFamilies } from './dcgm.js';
import type { Family } from './family.js';
import { inferenceFamilies } from './inference-servers.js';
import { istioFamilies } from './istio.js';
import { kubeStateMetricsFamilies } from './kube-state-metrics.js';
import { nodeExporterFamilies } from './node-exporter.js';

/** A figure that is one figure divided by another, in the gateway: their PromQL and answers are shared. */
export interface Quotient {
  readonly numerator: FamilyName;
  readonly denominator: FamilyName;
}

/** How every figure of the domain's catalogue is asked for; a figure without a row here does not compile. */
export const catalogue: Readonly<Record<FamilyName, Family | Quotient>> = {
  ...nodeExporterFamilies,
  ...cadvisorFamilies,
  ...kubeStateMetricsFamilies,
  ...dcgmFamilies,
  ...istioFamilies,
  ...inferenceFamilies,
  'container.cpuUtilization': { numerator: 'container.cpuUsage', denominator: 'container.cpuLimit' },
  'container.memoryUtilization': { numerator: 'container.memoryWorkingSet', denominator: 'container.memoryLimit' },
};
