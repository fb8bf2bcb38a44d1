import { type SloDefinition, type SloStatus, sloStates } from '../domain/slo.js';
import type { GraphContext } from './context.js';
import { oneOf, textMatcher } from './filter.js';
import type { Instant } from './instant.js';
import { type Page, type PageArgs, pageOf } from './paging.js';
import { type SLOFilter, type SLOOrder, type SLOOrderFieldEnum, SLOType } from './slo.type.js';

const HOUR_MS = 3_600_000;

export interface SloListArgs extends PageArgs {
  readonly filter?: SLOFilter | null;
  readonly orderBy?: SLOOrder | null;
}

/** A page of the SLOs that the caller may see; `belongs` narrows them to those of some entity. */
export async function sloPage(
  context: GraphContext,
  instant: Instant,
  { filter, orderBy, ...page }: SloListArgs,
  belongs: (definition: SloDefinition) => boolean = () => true,
): Promise<Page<SLOType>> {
  const isWanted = definitionTest(filter);
  const known = context.board
    .all(context.caller.scope)
    .filter(({ definition }) => belongs(definition) && isWanted(definition));
  const statuses = instant.live
    ? known
    : await Promise.all(known.map(({ definition }) => context.loaders.sloAt(definition.name, instant.atMs)));
  const items = statuses
    .filter((status) => status !== null)
    .filter(({ state }) => oneOf(filter?.state, state))
    .map((status) => new SLOType(status, instant));
  const by = orderBy?.by ?? 'NAME';
  const ordering = { list: `SLO ${by}`, key: ({ name }: SLOType) => name, rank: RANKS[by] };
  return pageOf(items, { ...ordering, direction: orderBy?.direction ?? 'ASC' }, page);
}

/** One SLO by its name; null when there is none, or not for this caller. */
export async function sloNamed(context: GraphContext, name: string, instant: Instant): Promise<SLOType | null> {
  const current = context.board.one(name, context.caller.scope);
  const status = current === null || instant.live ? current : await context.loaders.sloAt(name, instant.atMs);
  return status === null ? null : new SLOType(status, instant);
}

const RANKS: Readonly<Record<keyof typeof SLOOrderFieldEnum, (slo: SLOType) => number | string | null>> = {
  NAME: ({ name }) => name,
  STATE: ({ state }) => sloStates.indexOf(state),
  REMAINING_BUDGET: ({ status }) => extreme(status, Math.min, ({ budget }) => budget.remainingRatio),
  BURN_RATE: ({ status }) => extreme(status, Math.max, ({ burnRates }) => burnRates.get(HOUR_MS) ?? null),
};

function extreme(
  { objectives }: SloStatus,
  pick: (...values: readonly number[]) => number,
  figureOf: (objective: SloStatus['objectives'][number]) => number | null,
): number | null {
  const values = objectives.map(figureOf).filter((value) => value !== null && Number.isFinite(value)) as number[];
  return values.length === 0 ? null : pick(...values);
}

function definitionTest(filter: SLOFilter | null | undefined): (definition: SloDefinition) => boolean {
  const name = textMatcher(filter?.name);
  const cluster = textMatcher(filter?.cluster);
  const application = textMatcher(filter?.application);
  const microservice = textMatcher(filter?.microservice);
  const labels = (filter?.labels ?? []).map((label) => ({ name: label.name, matches: textMatcher(label.value) }));
  return (definition) =>
    name(definition.name) &&
    cluster(definition.cluster) &&
    application(definition.application ?? '') &&
    microservice(...namesOf(definition.microservice)) &&
    oneOf(filter?.category, definition.sli.category) &&
    labels.every((label) => label.matches(...(labelsOf(definition).get(label.name) ?? [])));
}

/** What a filter of microservices is held against: the name, and the name with its namespace. */
export function namesOf(microservice: { readonly namespace: string; readonly name: string } | null): readonly string[] {
  return microservice === null ? [] : [microservice.name, `${microservice.namespace}/${microservice.name}`];
}

// A map, for a label may be called `__proto__`.
function labelsOf({ labels }: SloDefinition): ReadonlyMap<string, readonly string[]> {
  return new Map(Object.entries(labels));
}
