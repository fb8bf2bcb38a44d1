import { type SloDefinition, type SloStatus, sliOf, sloStates } from '../domain/slo.js';
import type { Asking } from './asking.js';
import type { GraphContext } from './context.js';
import { oneOf, type StringFilter, textMatcher } from './filter.js';
import type { Instant } from './instant.js';
import { ownerFinder } from './memberships.js';
import { type Page, type PageArgs, pageOf } from './paging.js';
import { type SLOFilter, type SLOOrder, type SLOOrderFieldEnum, SLOType } from './slo.type.js';

const HOUR_MS = 3_600_000;

export interface SloListArgs extends PageArgs {
  readonly filter?: SLOFilter | null;
  readonly orderBy?: SLOOrder | null;
}

/** A page of the SLOs that the caller may see; `belongs` narrows them to those of some entity, `application` to those of one. */
export async function sloPage(
  ask: Asking,
  instant: Instant,
  { filter, orderBy, ...page }: SloListArgs,
  belongs: (definition: SloDefinition) => boolean = () => true,
  application: string | null = null,
): Promise<Page<SLOType>> {
  const isWanted = definitionTest(filter);
  const { board, caller } = ask.context;
  const known = board.all(caller.scope).filter(({ definition }) => belongs(definition) && isWanted(definition));
  const owned = await inApplication(ask, known, instant, filter?.application, application);
  const statuses = await statusesAt(ask.context, owned, instant);
  const items = statuses
    .filter(({ state }) => oneOf(filter?.state, state))
    .map((status) => new SLOType(status, instant));
  const by = orderBy?.by ?? 'NAME';
  const ordering = { list: `SLO ${by}`, key: ({ name }: SLOType) => name, rank: RANKS[by] };
  return pageOf(items, { ...ordering, direction: orderBy?.direction ?? 'ASC' }, page);
}

/** Whether an SLO as it stands passes a filter; `ownerNameOf` names its application. */
export function sloTest(
  filter: SLOFilter | null | undefined,
  ownerNameOf: (definition: SloDefinition) => string | null,
): (status: SloStatus) => boolean {
  const isWanted = definitionTest(filter);
  const application = textMatcher(filter?.application);
  return ({ definition, state }) =>
    isWanted(definition) && application(ownerNameOf(definition) ?? '') && oneOf(filter?.state, state);
}

async function inApplication(
  ask: Asking,
  statuses: readonly SloStatus[],
  instant: Instant,
  filter: StringFilter | null | undefined,
  application: string | null,
): Promise<readonly SloStatus[]> {
  if ((filter === null || filter === undefined) && application === null) return statuses;
  const matches = textMatcher(filter);
  const definitions = statuses.map(({ definition }) => definition);
  const ownerNameOf = await ownerFinder(ask, definitions, instant);
  return statuses.filter(({ definition }) => {
    const owner = ownerNameOf(definition);
    return matches(owner ?? '') && (application === null || owner === application);
  });
}

/** The SLOs of an application as they stood at an instant. */
export async function slosOfApplication(ask: Asking, name: string, instant: Instant): Promise<readonly SloStatus[]> {
  const { board, caller } = ask.context;
  return statusesAt(ask.context, await inApplication(ask, board.all(caller.scope), instant, null, name), instant);
}

/** SLOs as they stood at an instant; those are left out of which it cannot be told. */
async function statusesAt(
  { loaders }: GraphContext,
  known: readonly SloStatus[],
  { live, atMs }: Instant,
): Promise<readonly SloStatus[]> {
  if (live) return known;
  const statuses = await Promise.all(known.map(({ definition }) => loaders.sloAt(definition.name, atMs)));
  return statuses.filter((status) => status !== null);
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

/** What the state of an SLO follows from: its objectives, or what those of a composite are together. */
export function judgedIn({ objectives, composite }: SloStatus): SloStatus['objectives'] {
  return composite === null ? objectives : [composite];
}

function extreme(
  status: SloStatus,
  pick: (...values: readonly number[]) => number,
  figureOf: (objective: SloStatus['objectives'][number]) => number | null,
): number | null {
  const values = judgedIn(status)
    .map(figureOf)
    .filter((value) => value !== null && Number.isFinite(value)) as number[];
  return values.length === 0 ? null : pick(...values);
}

function definitionTest(filter: SLOFilter | null | undefined): (definition: SloDefinition) => boolean {
  const name = textMatcher(filter?.name);
  const cluster = textMatcher(filter?.cluster);
  const microservice = textMatcher(filter?.microservice);
  const labels = (filter?.labels ?? []).map((label) => ({ name: label.name, matches: textMatcher(label.value) }));
  return (definition) =>
    name(definition.name) &&
    cluster(definition.cluster) &&
    microservice(...namesOf(definition.microservice)) &&
    definition.objectives.some((objective) => oneOf(filter?.category, sliOf(definition, objective).category)) &&
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
