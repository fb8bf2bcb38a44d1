import { type Scope, seesCluster, seesNamespace } from '../domain/access.js';
import type { ApplicationDefinition } from '../domain/application.js';
import type { Inventory } from '../domain/model.js';
import type { ApplicationDirectory } from '../domain/ports.js';
import type { InventoryObserver } from './inventory.js';

/** What labels said of applications when they were last read, cluster by cluster. */
export interface ApplicationMemory {
  /** Takes note of what the inventory reader finds. */
  readonly observe: InventoryObserver;
  /** Null before the first good answer. */
  lastKnown(cluster: string): Inventory['applications'] | null;
}

/** Remembers one answer per cluster: the one about the latest instant. */
export function createApplicationMemory(): ApplicationMemory {
  const answers = new Map<string, { readonly atMs: number; readonly pods: Inventory['applications'] }>();
  return {
    observe(facet, cluster, atMs, value) {
      if (facet !== 'applications' || atMs < (answers.get(cluster)?.atMs ?? 0)) return;
      answers.set(cluster, { atMs, pods: value as Inventory['applications'] });
    },
    lastKnown: (cluster) => answers.get(cluster)?.pods ?? null,
  };
}

/** Applications that are configured, and what labels said before a source fell silent. */
export function createApplicationDirectory(
  configured: readonly ApplicationDefinition[],
  memory: Pick<ApplicationMemory, 'lastKnown'>,
): ApplicationDirectory {
  return {
    configured: () => configured,
    lastKnown: (cluster, scope) => visibleTo(scope, cluster, memory.lastKnown(cluster)),
  };
}

function visibleTo(
  scope: Scope,
  cluster: string,
  pods: Inventory['applications'] | null,
): Inventory['applications'] | null {
  if (pods === null || !seesCluster(scope, cluster)) return null;
  if (scope.namespaces === null) return pods;
  return new Map([...pods].filter(([key]) => seesNamespace(scope, cluster, key.slice(0, key.indexOf('/')))));
}
