import { entityKey } from '../domain/entity.js';
import type { FamilyName } from '../domain/metric.js';
import type { ContainerFacts } from '../domain/model.js';
import type { Asking } from './asking.js';
import {
  type ContainerFilter,
  type ContainerOrder,
  type ContainerOrderFieldEnum,
  ContainerType,
} from './container.type.js';
import { containerFacts } from './facts.js';
import { oneOf, textMatcher } from './filter.js';
import { greatestRanks } from './greatest.js';
import type { Instant } from './instant.js';
import { microserviceFinder } from './joins.js';
import { ranksOf } from './order.js';
import { type Page, type PageArgs, pageOf } from './paging.js';

export interface ContainerListArgs extends PageArgs {
  /** Whether these are all containers of the cluster. */
  readonly isWhole?: boolean;
  readonly filter?: ContainerFilter | null;
  readonly orderBy?: ContainerOrder | null;
}

/** A page of some containers of a cluster; null when what the filter or the order asks for cannot be known. */
export async function containerPage(
  ask: Asking,
  cluster: string,
  instant: Instant,
  containers: Iterable<ContainerFacts>,
  { filter, orderBy, isWhole = false, ...page }: ContainerListArgs,
): Promise<Page<ContainerType> | null> {
  const passes = await containerTest(ask, cluster, instant, filter);
  if (passes === null) return null;
  const items = [...containers].filter(passes).map((facts) => new ContainerType(cluster, facts, instant));
  const by = orderBy?.by ?? 'NAME';
  const rank = by === 'NAME' ? {} : { rank: await ranks(by) };
  return pageOf(
    items,
    { list: `Container ${by}`, key: ({ ref }) => ref.key, direction: orderBy?.direction ?? 'ASC', ...rank },
    page,
  );

  async function ranks(figure: keyof typeof FIGURES | 'RESTARTS') {
    const isPlain = isWhole && !filter && orderBy?.direction === 'DESC' && figure !== 'RESTARTS';
    const greatest = isPlain ? await greatestRanks(ask, items, FIGURES[figure], page) : null;
    return greatest ?? ranksOf(items, (container) => rankOf(ask, container, figure));
  }
}

const FIGURES: Readonly<Record<Exclude<keyof typeof ContainerOrderFieldEnum, 'NAME' | 'RESTARTS'>, FamilyName>> = {
  CPU_USAGE: 'container.cpuUsage',
  CPU_UTILIZATION: 'container.cpuUtilization',
  CPU_THROTTLING: 'container.cpuThrottling',
  MEMORY_WORKING_SET: 'container.memoryWorkingSet',
  MEMORY_UTILIZATION: 'container.memoryUtilization',
};

async function rankOf(
  ask: Asking,
  container: ContainerType,
  by: keyof typeof FIGURES | 'RESTARTS',
): Promise<number | null> {
  if (by === 'RESTARTS') return ask.fact(containerFacts.restarts, container);
  return (await ask.metric(FIGURES[by], container)).value;
}

/** Only what the filter asks for is read. */
async function containerTest(
  ask: Asking,
  cluster: string,
  instant: Instant,
  filter: ContainerFilter | null | undefined,
): Promise<((container: ContainerFacts) => boolean) | null> {
  if (filter === null || filter === undefined) return () => true;
  const [name, pod, namespace] = [textMatcher(filter.name), textMatcher(filter.pod), textMatcher(filter.namespace)];
  const [node, microservice] = [textMatcher(filter.node), textMatcher(filter.microservice)];
  const [pods, microserviceOf, states] = await Promise.all([
    filter.node ? ask.facet('pods', cluster, instant) : undefined,
    filter.microservice ? microserviceFinder(ask, cluster, instant) : undefined,
    filter.state ? ask.facet('containerStates', cluster, instant) : undefined,
  ]);
  if (pods === null || microserviceOf === null || states === null) return null;
  return (facts) => {
    const podKey = entityKey(facts.namespace, facts.pod);
    const serves = microserviceOf?.(podKey) ?? null;
    return (
      name(facts.name) &&
      pod(facts.pod) &&
      namespace(facts.namespace) &&
      node(pods?.get(podKey)?.node ?? '') &&
      microservice(...(serves === null ? [] : [serves.name, serves.ref.key])) &&
      oneOf(filter.state, states?.get(entityKey(podKey, facts.name))?.state ?? null)
    );
  };
}
