import type { FamilyName } from '../domain/metric.js';
import type { Asking } from './asking.js';
import { type StringFilter, textMatcher } from './filter.js';
import type { Instant } from './instant.js';
import { ownerFinder } from './memberships.js';
import {
  type MicroserviceFilter,
  type MicroserviceOrder,
  type MicroserviceOrderFieldEnum,
  MicroserviceType,
} from './microservice.type.js';
import { ranksOf } from './order.js';
import { type Page, type PageArgs, pageOf } from './paging.js';

export interface MicroserviceListArgs extends PageArgs {
  readonly filter?: MicroserviceFilter | null;
  readonly orderBy?: MicroserviceOrder | null;
}

/** A page of the microservices of some clusters; `unreachable` names those whose source did not answer. */
export async function microservicePage(
  ask: Asking,
  clusters: readonly string[],
  instant: Instant,
  { filter, orderBy, ...page }: MicroserviceListArgs,
): Promise<Page<MicroserviceType>> {
  const passes = microserviceTest(filter);
  const cluster = textMatcher(filter?.cluster);
  const wanted = clusters.filter((name) => cluster(name));
  const inventories = await Promise.all(
    wanted.map(async (name) => ({ name, outcome: await ask.facetOutcome('microservices', name, instant) })),
  );
  const items = inventories.flatMap(({ name, outcome }) =>
    [...((outcome.ok ? outcome.value : null)?.values() ?? [])].map(
      (facts) => new MicroserviceType(name, facts.namespace, facts.name, instant),
    ),
  );
  const found = await inApplication(ask, items.filter(passes), instant, filter?.application);
  const by = orderBy?.by ?? 'NAME';
  const rank =
    by === 'NAME'
      ? ({ name, namespace }: MicroserviceType) => `${name}/${namespace}`
      : await ranksOf(found, (microservice) => rankOf(ask, microservice, by));
  return pageOf(
    found,
    {
      list: `Microservice ${by}`,
      key: ({ ref }) => `${ref.key}/${ref.cluster}`,
      rank,
      direction: orderBy?.direction ?? 'ASC',
    },
    page,
    inventories.flatMap(({ name, outcome }) => (outcome.ok ? [] : [name])),
  );
}

async function inApplication(
  ask: Asking,
  microservices: readonly MicroserviceType[],
  instant: Instant,
  filter: StringFilter | null | undefined,
): Promise<readonly MicroserviceType[]> {
  if (filter === null || filter === undefined) return microservices;
  const matches = textMatcher(filter);
  const owned = microservices.map((microservice) => ({
    microservice,
    cluster: microservice.ref.cluster,
    application: null,
  }));
  const ownerNameOf = await ownerFinder(ask, owned, instant);
  return owned.filter((one) => matches(ownerNameOf(one) ?? '')).map(({ microservice }) => microservice);
}

function microserviceTest(filter: MicroserviceFilter | null | undefined): (microservice: MicroserviceType) => boolean {
  const name = textMatcher(filter?.name);
  const namespace = textMatcher(filter?.namespace);
  return (microservice) => name(microservice.name) && namespace(microservice.namespace);
}

const FIGURES: Readonly<
  Record<
    Exclude<keyof typeof MicroserviceOrderFieldEnum, 'NAME'>,
    { readonly family: FamilyName; readonly quantile?: number }
  >
> = {
  REQUEST_RATE: { family: 'microservice.requestRate' },
  ERROR_RATIO: { family: 'microservice.errorRatio' },
  LATENCY_P95: { family: 'microservice.latency', quantile: 0.95 },
};

async function rankOf(ask: Asking, microservice: MicroserviceType, by: keyof typeof FIGURES): Promise<number | null> {
  const { family, quantile } = FIGURES[by];
  return (await ask.metric(family, microservice, { quantile })).value;
}
