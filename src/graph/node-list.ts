import type { FamilyName } from '../domain/metric.js';
import type { NodeFacts } from '../domain/model.js';
import type { Asking } from './asking.js';
import { textMatcher } from './filter.js';
import { greatestRanks } from './greatest.js';
import type { Instant } from './instant.js';
import { type NodeFilter, type NodeOrder, type NodeOrderFieldEnum, NodeType } from './node.type.js';
import { ranksOf } from './order.js';
import { type Page, type PageArgs, pageOf } from './paging.js';

export interface NodeListArgs extends PageArgs {
  readonly filter?: NodeFilter | null;
  readonly orderBy?: NodeOrder | null;
}

/** A page of some nodes of a cluster; null when what the filter asks for cannot be known. */
export async function nodePage(
  ask: Asking,
  cluster: string,
  instant: Instant,
  nodes: Iterable<NodeFacts>,
  { filter, orderBy, ...page }: NodeListArgs,
): Promise<Page<NodeType> | null> {
  const passes = await nodeTest(ask, cluster, instant, filter);
  if (passes === null) return null;
  const items = [...nodes].map(({ name }) => new NodeType(cluster, name, instant)).filter(passes);
  const by = orderBy?.by ?? 'NAME';
  const rank = by === 'NAME' ? {} : { rank: await ranks(by) };
  return pageOf(
    items,
    { list: `Node ${by}`, key: ({ ref }) => ref.key, direction: orderBy?.direction ?? 'ASC', ...rank },
    page,
  );

  async function ranks(figure: keyof typeof FIGURES) {
    const isPlain = !filter && orderBy?.direction === 'DESC';
    const greatest = isPlain ? await greatestRanks(ask, items, FIGURES[figure], page) : null;
    return greatest ?? ranksOf(items, (node) => figureOf(ask, node, figure));
  }
}

const FIGURES: Readonly<Record<Exclude<keyof typeof NodeOrderFieldEnum, 'NAME'>, FamilyName>> = {
  CPU_UTILIZATION: 'node.cpuUtilization',
  MEMORY_UTILIZATION: 'node.memoryUtilization',
  CPU_PRESSURE: 'node.cpuPressure',
  MEMORY_PRESSURE: 'node.memoryPressure',
  NETWORK_RECEIVE_RATE: 'node.networkReceiveRate',
};

async function figureOf(ask: Asking, node: NodeType, by: keyof typeof FIGURES): Promise<number | null> {
  return (await ask.metric(FIGURES[by], node)).value;
}

/** Only what the filter asks for is read. */
async function nodeTest(
  ask: Asking,
  cluster: string,
  instant: Instant,
  filter: NodeFilter | null | undefined,
): Promise<((node: NodeType) => boolean) | null> {
  const name = textMatcher(filter?.name);
  const ready = filter?.ready ?? null;
  const role = filter?.role ?? null;
  const hasGpu = filter?.hasGPU ?? null;
  const [states, roles, withGpu] = await Promise.all([
    ready === null ? undefined : ask.facet('nodeStates', cluster, instant),
    role === null ? undefined : ask.facet('nodeRoles', cluster, instant),
    hasGpu === null ? undefined : ask.facet('nodeHasGpu', cluster, instant),
  ]);
  if (states === null || roles === null || withGpu === null) return null;
  return (node) =>
    name(node.name) &&
    (ready === null || states?.get(node.name)?.ready === ready) &&
    (role === null || (roles?.get(node.name) ?? []).includes(role)) &&
    (hasGpu === null || (withGpu?.get(node.name) ?? false) === hasGpu);
}
