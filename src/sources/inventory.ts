import { seesCluster, seesNamespace, visibleGpu } from '../domain/access.js';
import { SourceError } from '../domain/errors.js';
import type { Facet, Inventory } from '../domain/model.js';
import type { InventoryReader, Outcome, ReadContext } from '../domain/ports.js';
import { collectedNames } from './collected.js';
import { type FacetReader, facetMetrics, facets } from './inventory-facets.js';
import { mapValues } from './inventory-rows.js';
import type { Planner } from './prometheus/planner.js';

type Sources = Pick<Planner, 'instant' | 'slices' | 'dataSourceOf' | 'metricNames'>;

/** Told of every good answer, before anything is left out for who asks. */
export type InventoryObserver = <F extends Facet>(facet: F, cluster: string, atMs: number, value: Inventory[F]) => void;

/** Reads the inventory from flat vectors that are joined here; the planner keeps and shares their answers. */
export function createInventoryReader(planner: Sources, observer: InventoryObserver = () => {}): InventoryReader {
  return {
    async read<F extends Facet>(facet: F, clusters: readonly string[], atMs: number, context: ReadContext) {
      const visible = clusters.filter((cluster) => seesCluster(context.scope, cluster));
      const read: FacetReader<F> = facets[facet];
      const answers = await Promise.all(
        planner.slices(visible).map(async (slice) => {
          const outcome = await attempt(read({ planner, slice, atMs, context }));
          return Promise.all(
            slice.clusters.map(async (cluster): Promise<readonly [string, Outcome<Inventory[F] | null>]> => {
              if (!outcome.ok) return [cluster, outcome];
              const all = outcome.value(cluster);
              observer(facet, cluster, atMs, all);
              const isKnown = all.size > 0 || (await isCollected(planner, facet, cluster, atMs, context));
              return [cluster, { ok: true, value: isKnown ? permitted(facet, all, cluster, context) : null }];
            }),
          );
        }),
      );
      const hidden = clusters.filter((cluster) => !visible.includes(cluster));
      const nothing = (facet === 'namespaces' ? new Set() : new Map()) as unknown as Inventory[F];
      return new Map([...answers.flat(), ...hidden.map((cluster) => [cluster, { ok: true, value: nothing }] as const)]);
    },
  };
}

/** Whether what was not found is not there; when the source does not tell, it is believed. */
async function isCollected(
  planner: Sources,
  facet: Facet,
  cluster: string,
  atMs: number,
  context: ReadContext,
): Promise<boolean> {
  const names = await collectedNames(planner, cluster, atMs, context);
  return names === null || facetMetrics[facet].some((name) => names.has(name));
}

/** The failure of a source is an answer; anything else, the asker's going away included, is not. */
async function attempt<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work };
  } catch (error) {
    if (error instanceof SourceError) return { ok: false, error };
    throw error;
  }
}

/** Facets whose keys begin with a namespace. Nodes belong to none: who sees the cluster sees them. */
const NAMESPACED: ReadonlySet<Facet> = new Set([
  'pods',
  'podStates',
  'workloads',
  'containers',
  'containerStates',
  'microservices',
  'inferenceServers',
  'applications',
  'namespaces',
]);

function permitted<F extends Facet>(
  facet: F,
  value: Inventory[F],
  cluster: string,
  { scope }: ReadContext,
): Inventory[F] {
  if (scope.namespaces === null) return value;
  if (facet === 'gpus') {
    const gpus = value as Inventory['gpus'];
    return mapValues(gpus, (gpu) => visibleGpu(scope, cluster, gpu)) as Inventory[F];
  }
  if (!NAMESPACED.has(facet)) return value;
  const sees = (key: string) => seesNamespace(scope, cluster, key.split('/', 1)[0] ?? '');
  const kept =
    value instanceof Set
      ? new Set([...(value as Inventory['namespaces'])].filter(sees))
      : new Map([...(value as ReadonlyMap<string, unknown>)].filter(([key]) => sees(key)));
  return kept as unknown as Inventory[F];
}
