import { seesCluster } from '../domain/access.js';
import type { ClusterDirectory } from '../domain/ports.js';
import type { Planner } from './prometheus/planner.js';

/** The configured clusters; each is read from one data source, which several may share. */
export function createClusterDirectory(
  planner: Pick<Planner, 'dataSourceOf' | 'status'>,
  clusters: readonly { readonly name: string }[],
): ClusterDirectory {
  const names = clusters.map(({ name }) => name);
  return {
    names: () => names,
    async status(cluster, { scope }) {
      if (!seesCluster(scope, cluster)) return [];
      return [await planner.status(planner.dataSourceOf(cluster).name)];
    },
  };
}
