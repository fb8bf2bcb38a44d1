import type { GpuFacts } from './model.js';

/** What a caller may do beyond asking who it is. */
export type Right = 'read' | 'acknowledge' | 'correct' | 'promql';

/**
 * What a caller may see. `null` is everything; an empty list is nothing.
 * The key is equal for equal scopes: it is part of every cache, batch and hub key.
 */
export interface Scope {
  readonly key: string;
  readonly clusters: readonly string[] | null;
  readonly namespaces: readonly string[] | null;
}

/** Who is asking. */
export interface Caller {
  readonly name: string;
  readonly scope: Scope;
  readonly rights: ReadonlySet<Right>;
}

/** Sees everything: the gateway's own evaluation, and callers on loopback where no tokens are configured. */
export const everything: Scope = { key: '*', clusters: null, namespaces: null };

/** A scope with its key; order and repetition in the lists do not matter. */
export function scopeOf(clusters: readonly string[] | null, namespaces: readonly string[] | null): Scope {
  const canonical = (names: readonly string[] | null) => (names === null ? null : [...new Set(names)].sort());
  const scope = { clusters: canonical(clusters), namespaces: canonical(namespaces) };
  return { key: scope.clusters === null && scope.namespaces === null ? '*' : JSON.stringify(scope), ...scope };
}

/** Whether a caller may see anything of a cluster. */
export function seesCluster(scope: Scope, cluster: string): boolean {
  return scope.clusters === null || scope.clusters.includes(cluster);
}

/** Whether a caller may see what belongs to a namespace of a cluster. */
export function seesNamespace(scope: Scope, cluster: string, namespace: string): boolean {
  return seesCluster(scope, cluster) && (scope.namespaces === null || scope.namespaces.includes(namespace));
}

/** A GPU as a caller may see it: it belongs to its node, who holds it to a namespace. */
export function visibleGpu(scope: Scope, cluster: string, gpu: GpuFacts): GpuFacts {
  if (scope.namespaces === null) return gpu;
  return { ...gpu, containers: gpu.containers.filter(({ namespace }) => seesNamespace(scope, cluster, namespace)) };
}
