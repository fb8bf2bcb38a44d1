import DataLoader from 'dataloader';
import { type Scope, seesCluster, seesNamespace, visibleGpu } from '../domain/access.js';
import type { Facet, Inventory } from '../domain/model.js';
import type { InventoryReader, Outcome } from '../domain/ports.js';
import { type BatchOptions, readGroups } from './batch.js';

interface FacetKey {
  readonly facet: Facet;
  readonly cluster: string;
  readonly atMs: number;
}

/** One `InventoryReader.read` per (facet, instant) and wave, for all clusters together. */
export function inventoryLoader(inventory: InventoryReader, { cache, waves, read }: BatchOptions) {
  const groupOf = ({ facet, atMs }: FacetKey) => `${facet} ${atMs}`;
  const loader = new DataLoader<FacetKey, Outcome<Inventory[Facet] | null>, string>(
    (keys) => waves.hold(readGroups(keys, groupOf, readFacet)),
    {
      cache,
      cacheKeyFn: (key) => `${groupOf(key)} ${key.cluster}`,
      batchScheduleFn: (dispatch) => waves.whenQuiet('shape', dispatch),
    },
  );

  async function readFacet(keys: readonly FacetKey[]) {
    const { facet, atMs } = keys[0] as FacetKey;
    const clusters = [...new Set(keys.map(({ cluster }) => cluster))];
    const outcomes = await inventory.read(facet, clusters, atMs, read);
    const visible = new Map(
      [...outcomes].map(([name, outcome]) => [name, visibleOf(read.scope, name, facet, outcome)]),
    );
    return ({ cluster }: FacetKey) => {
      const outcome = visible.get(cluster);
      return outcome ?? new Error(`the inventory reader gave no ${facet} of cluster ${cluster}`);
    };
  }

  return {
    facet: <F extends Facet>(facet: F, cluster: string, atMs: number) =>
      loader.load({ facet, cluster, atMs }) as Promise<Outcome<Inventory[F] | null>>,
  };
}

const NAMESPACED: ReadonlySet<Facet> = new Set([
  'namespaces',
  'pods',
  'podStates',
  'workloads',
  'containers',
  'containerStates',
  'microservices',
  'inferenceServers',
  'applications',
]);

/** Readers keep to the scope already; what reaches a client is held against it here, once for every field. */
function visibleOf(
  scope: Scope,
  cluster: string,
  facet: Facet,
  outcome: Outcome<Inventory[Facet] | null>,
): Outcome<Inventory[Facet] | null> {
  if (!outcome.ok || outcome.value === null) return outcome;
  const isSeen = seesCluster(scope, cluster);
  if (isSeen && facet === 'gpus') {
    const gpus = [...(outcome.value as Inventory['gpus'])];
    return { ok: true, value: new Map(gpus.map(([key, gpu]) => [key, visibleGpu(scope, cluster, gpu)])) };
  }
  if (isSeen && (scope.namespaces === null || !NAMESPACED.has(facet))) return outcome;
  // Every namespaced key begins with its namespace; a namespace's key is its name.
  const sees = (key: string) => seesNamespace(scope, cluster, key.split('/', 1)[0] ?? '');
  const { value } = outcome;
  return {
    ok: true,
    value:
      value instanceof Set
        ? new Set([...value].filter(sees))
        : (new Map([...(value as ReadonlyMap<string, never>)].filter(([key]) => sees(key))) as Inventory[Facet]),
  };
}
