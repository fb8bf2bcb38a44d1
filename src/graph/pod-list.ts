import type { Inventory, PodFacts } from '../domain/model.js';
import type { Asking } from './asking.js';
import { oneOf, textMatcher } from './filter.js';
import type { Instant } from './instant.js';
import { type Page, type PageArgs, pageOf } from './paging.js';
import { type PodFilter, PodType } from './pod.type.js';

/** A page of some pods of a cluster; null when what the filter asks for cannot be known. */
export async function podPage(
  ask: Asking,
  cluster: string,
  instant: Instant,
  pods: Iterable<PodFacts>,
  { filter, ...page }: PageArgs & { readonly filter?: PodFilter | null },
): Promise<Page<PodType> | null> {
  const phases = filter?.phase ?? null;
  const states = phases === null ? undefined : await ask.facet('podStates', cluster, instant);
  if (states === null) return null;
  const passes = podTest(filter, states);
  const items = [...pods].filter(passes).map(({ namespace, name }) => new PodType(cluster, namespace, name, instant));
  return pageOf(items, { list: 'Pod', key: ({ ref }) => ref.key }, page);
}

function podTest(
  filter: PodFilter | null | undefined,
  states: Inventory['podStates'] | undefined,
): (pod: PodFacts) => boolean {
  const name = textMatcher(filter?.name);
  const namespace = textMatcher(filter?.namespace);
  const node = textMatcher(filter?.node);
  return (pod) =>
    name(pod.name) &&
    namespace(pod.namespace) &&
    node(pod.node ?? '') &&
    oneOf(filter?.phase, states?.get(`${pod.namespace}/${pod.name}`)?.phase ?? null);
}
