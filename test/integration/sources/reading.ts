import { onTestFinished } from 'vitest';
import { everything, type Scope } from '../../../src/domain/access.js';
import type { FamilyName } from '../../../src/domain/metric.js';
import type { Facet, Inventory } from '../../../src/domain/model.js';
import type { Figure, PlanEntry, ReadContext } from '../../../src/domain/ports.js';
import { createFigureReader } from '../../../src/sources/figures.js';
import { createInventoryReader } from '../../../src/sources/inventory.js';
import type { SourceCluster } from '../../../src/sources/prometheus/data-sources.js';
import { createPlanner } from '../../../src/sources/prometheus/planner.js';
import { T0 } from '../../support/prometheus.js';

/** A cluster of a test: its name and the labels that mark it. */
export interface TestCluster {
  readonly name: string;
  readonly url: string;
  readonly match?: Readonly<Record<string, string>>;
  readonly labels?: SourceCluster['labels'];
  readonly selectors?: SourceCluster['selectors'];
}

/** Readers of figures and inventory over real data sources, with all that they planned. */
export function openSources(clusters: readonly TestCluster[], scope: Scope = everything) {
  const planner = createPlanner({
    clusters: clusters.map(({ name, url, match = {}, labels, selectors }) => ({
      name,
      prometheus: { url, timeoutMs: 10_000, maxConcurrent: 8, headersFile: null },
      match,
      ...(labels && { labels }),
      ...(selectors && { selectors }),
    })),
  });
  onTestFinished(() => planner.close());
  const plan: PlanEntry[] = [];
  const context: ReadContext = { scope, onPlan: (entry) => plan.push(entry) };
  const figures = createFigureReader(planner);
  const inventory = createInventoryReader(planner);
  return {
    planner,
    plan,
    context,
    figures,
    inventory,
    /** One figure of one entity, at T0 unless told otherwise. */
    async figure(
      family: FamilyName,
      key: string,
      options: { cluster?: string; windowMs?: number; quantile?: number; atMs?: number } = {},
    ): Promise<Figure> {
      const { cluster = clusters[0]?.name ?? '', atMs = T0, ...rest } = options;
      const column = await figures.values({ family, ...rest }, [{ cluster, key }], atMs, context);
      return column.of({ cluster, key });
    },
    /** One part of a cluster's inventory. */
    async facet<F extends Facet>(facet: F, cluster = clusters[0]?.name ?? '', atMs = T0): Promise<Inventory[F]> {
      const outcome = (await inventory.read(facet, [cluster], atMs, context)).get(cluster);
      if (outcome?.ok !== true) throw outcome?.error ?? new Error(`no answer for ${cluster}`);
      if (outcome.value === null) throw new Error(`nothing tells of ${facet} in ${cluster}`);
      return outcome.value;
    },
  };
}
