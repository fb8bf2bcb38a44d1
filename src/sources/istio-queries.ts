import { type EntityKey, entityKey } from '../domain/entity.js';
import { type Ask, group, select } from './family.js';
import type { Labels } from './prometheus/answer.js';
import { type Matchers, rate } from './prometheus/promql.js';

export const SERVICE = ['destination_service_namespace', 'destination_service_name'];
export const CALLER = ['source_workload_namespace', 'source_workload'];

/** The rate of a counter of the proxies, by labels and reporter: each proxy counts once. */
export function proxyRates(ask: Ask, metric: string, labels: readonly string[], matchers: Matchers = {}): string {
  return perProxy(ask, [...labels, 'reporter'], rates(ask, metric, matchers));
}

/** The same for several counters at once; `figure` names each. */
export function taggedProxyRates(
  ask: Ask,
  metrics: readonly string[],
  labels: readonly string[],
  matchers: Matchers,
): string {
  const tagged = metrics.map(
    (metric) => `label_replace(${rates(ask, metric, matchers)}, "figure", "${metric}", "", "")`,
  );
  return perProxy(ask, [...labels, 'figure', 'reporter'], tagged.join(' or '));
}

/**
 * Either side may lie outside the mesh; it keeps the name that the proxy gave it. Null for a name with a slash: no mesh has
 * one, and it would pass its own parts off as namespaces, by which it is told who may see the edge.
 */
export function edgeKey(labels: Labels): EntityKey | null {
  const parts = [...CALLER, ...SERVICE, 'request_protocol'].map((label) => labels[label] ?? 'unknown');
  return parts.some((part) => part.includes('/')) ? null : entityKey(...parts);
}

function rates(ask: Ask, metric: string, matchers: Matchers): string {
  return select(ask, 'ISTIO', metric, matchers, (vector) => rate(vector, ask.windowMs));
}

/**
 * A sum over proxies that counts a proxy once, though it may be scraped twice (on its own port and on the agent's, or by
 * two jobs, or by both of an HA pair): first summed per target, then the greatest target of each proxy, then the sum. A
 * proxy is its pod; without a label that names the pod every target is one of its own.
 */
function perProxy(ask: Ask, labels: readonly string[], vector: string): string {
  const target = ['namespace', 'pod', 'instance', 'job', 'prometheus_replica', 'replica'];
  const byInstance = `label_replace(${group(ask, 'sum', [...labels, ...target], vector)}, "proxy", "$1", "instance", "(.*)")`;
  const byPod = `label_replace(${byInstance}, "proxy", "$1", "pod", "(.+)")`;
  return group(ask, 'sum', labels, group(ask, 'max', [...labels, 'namespace', 'proxy'], byPod));
}
