import { type Scope, seesCluster, seesNamespace } from '../domain/access.js';
import type { ViolationQuery } from '../domain/ports.js';
import type { Severity } from '../domain/slo.js';
import type { Violation } from '../domain/violation.js';
import type { Asking } from './asking.js';
import type { GraphContext } from './context.js';
import { oneOf, textMatcher } from './filter.js';
import type { Instant } from './instant.js';
import { ownerFinder } from './memberships.js';
import { type Page, type PageArgs, pageOf } from './paging.js';
import { namesOf } from './slo-list.js';
import {
  type ViolationFilter,
  type ViolationOrder,
  type ViolationOrderFieldEnum,
  ViolationType,
} from './violation.type.js';

export interface ViolationListArgs extends PageArgs {
  readonly filter?: ViolationFilter | null;
  readonly orderBy?: ViolationOrder | null;
}

/** A page of violations, newest first by default; `belongs` and `narrowed` keep to those of some entity. */
export async function violationPage(
  ask: Asking,
  instant: Instant,
  { filter, orderBy, ...page }: ViolationListArgs,
  belongs: (violation: Violation) => boolean = () => true,
  { application, ...narrowed }: Pick<ViolationQuery, 'slos'> & { readonly application?: string } = {},
): Promise<Page<ViolationType>> {
  const { caller, loaders, store } = ask.context;
  const query = { ...queryOf(filter), ...narrowed, scope: caller.scope, ...atOf(instant) };
  const violations = (await loaders.hold(store.violations(query))).filter(belongs);
  const needsOwner = application !== undefined || (filter?.application ?? null) !== null;
  const ownerNameOf = needsOwner ? await ownerFinder(ask, violations, instant) : () => null;
  const matches = violationTest(filter, caller.scope, ownerNameOf);
  const items = violations
    .filter((violation) => matches(violation) && (application === undefined || ownerNameOf(violation) === application))
    .map((violation) => new ViolationType(violation, instant));
  const by = orderBy?.by ?? 'STARTED_AT';
  const ordering = { list: `Violation ${by}`, key: ({ violation }: ViolationType) => violation.id, rank: RANKS[by] };
  return pageOf(items, { ...ordering, direction: orderBy?.direction ?? 'DESC' }, page);
}

/** One violation by the store's id; null when there is none, or not for this caller. */
export async function violationById(
  context: GraphContext,
  id: string,
  instant: Instant,
): Promise<ViolationType | null> {
  const { scope } = context.caller;
  const found = await context.loaders.hold(context.store.violations({ scope, ids: [id], ...atOf(instant) }));
  const violation = found.find((candidate) => candidate.id === id && seesViolation(scope, candidate));
  return violation === undefined ? null : new ViolationType(violation, instant);
}

/** Whether a violation passes a filter and may be seen; `ownerNameOf` names its application. */
export function violationTest(
  filter: ViolationFilter | null | undefined,
  scope: Scope,
  ownerNameOf: (violation: Violation) => string | null,
): (violation: Violation) => boolean {
  const slo = textMatcher(filter?.slo);
  const cluster = textMatcher(filter?.cluster);
  const application = textMatcher(filter?.application);
  const microservice = textMatcher(filter?.microservice);
  const after = filter?.startedAfter ?? Number.NEGATIVE_INFINITY;
  const before = filter?.startedBefore ?? Number.POSITIVE_INFINITY;
  return (violation) =>
    seesViolation(scope, violation) &&
    slo(violation.slo) &&
    cluster(violation.cluster) &&
    application(ownerNameOf(violation) ?? '') &&
    microservice(...namesOf(violation.microservice)) &&
    oneOf(filter?.severity, violation.severity) &&
    oneOf(filter?.kind, violation.kind) &&
    oneOf(filter?.status, violation.status) &&
    violation.startedAtMs >= after &&
    violation.startedAtMs < before;
}

/** What belongs to no namespace is for those only who see all of a cluster. */
function seesViolation(scope: Scope, { cluster, microservice }: Violation): boolean {
  if (scope.namespaces === null) return seesCluster(scope, cluster);
  return microservice !== null && seesNamespace(scope, cluster, microservice.namespace);
}

const SEVERITY_RANKS: Readonly<Record<Severity, number>> = { INFO: 0, TICKET: 1, PAGE: 2 };

const RANKS: Readonly<Record<keyof typeof ViolationOrderFieldEnum, (violation: ViolationType) => number | null>> = {
  STARTED_AT: ({ startedAt }) => startedAt,
  SEVERITY: ({ severity }) => SEVERITY_RANKS[severity],
  BURN_RATE: ({ burnRate }) => burnRate,
};

/** What the store can leave out by itself; the filter is applied in full afterwards. */
function queryOf(filter: ViolationFilter | null | undefined): Omit<ViolationQuery, 'scope'> {
  return {
    ...(filter?.status ? { statuses: filter.status } : {}),
    ...(filter?.kind ? { kinds: filter.kind } : {}),
    ...(filter?.slo?.eq ? { slos: [filter.slo.eq] } : {}),
  };
}

function atOf({ live, atMs }: Instant): Pick<ViolationQuery, 'atMs'> {
  return live ? {} : { atMs };
}
