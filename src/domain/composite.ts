import { budgetOf } from './burn-rate.js';
import { Exact, parseTarget } from './decimal.js';
import type { BudgetingMethod, ObjectiveDefinition, SloDefinition } from './slo.js';

/** The name of what the members of a composite are together; no member is called so. */
export const COMPOSITE = 'composite';

/** One member's share in a composite: a decimal string above 0. */
export interface Weighted<T> {
  readonly weight: string;
  readonly value: T;
}

/** What is promised of all members of a composite together, as one objective; null where the SLO has an SLI of its own. */
export function compositeOf({
  sli,
  objectives,
}: Pick<SloDefinition, 'sli' | 'objectives'>): ObjectiveDefinition | null {
  if (sli !== null) return null;
  const known = composites.get(objectives) ?? madeOf(objectives);
  composites.set(objectives, known);
  return known;
}

/** What violations are opened for: every objective, but of a composite what its members are together. */
export function judgedObjectives(slo: Pick<SloDefinition, 'sli' | 'objectives'>): readonly ObjectiveDefinition[] {
  const composite = compositeOf(slo);
  return composite === null ? slo.objectives : [composite];
}

/** The weight of a member. */
export function weightOf({ weight }: ObjectiveDefinition): string {
  return weight ?? '1';
}

/** The burn rate of a composite of events when all events of all members are bad, which is the greatest there is. */
export function greatestBurnRate(members: readonly ObjectiveDefinition[]): Exact {
  const weights = members.reduce((sum, member) => sum.plus(weightOf(member)), new Exact(0));
  const rates = members.map((member) => new Exact(weightOf(member)).div(budgetOf(member.target)));
  return rates.reduce((sum, rate) => sum.plus(rate), new Exact(0)).div(weights);
}

/**
 * The weighted mean, which weights that are all doubled leave as it is: of burn rates, of consumed budgets, of ratios.
 * Null when any member is not known: what is left would say something else.
 */
export function weightedMean(members: readonly Weighted<number | null>[]): number | null {
  let sum = new Exact(0);
  let weights = new Exact(0);
  for (const { weight, value } of members) {
    if (value === null || !Number.isFinite(value)) return null;
    sum = sum.plus(new Exact(value).mul(weight));
    weights = weights.plus(weight);
  }
  return weights.isZero() ? null : sum.div(weights).toNumber();
}

/** The promise of a composite: the weighted mean of those of its members, as a decimal string. */
export function compositeTarget(members: readonly Weighted<string>[]): string {
  const weights = members.reduce((sum, { weight }) => sum.plus(weight), new Exact(0));
  const sum = members.reduce((sum, { weight, value }) => sum.plus(parseTarget(value).mul(weight)), new Exact(0));
  return sum.div(weights).toFixed();
}

/**
 * What is missing of each slice of a composite, from what is missing of its members' (`missingParts`). TIMESLICES: a slice
 * is bad when any member's is. RATIO_TIMESLICES: missing parts are added, up to all of the slice; with weights, which
 * matter only against each other, a part counts by its weight against the mean weight. Members that say nothing of a
 * slice are left out of it.
 * @see https://github.com/OpenSLO/OpenSLO (composite objectives)
 */
export function compositeParts(
  method: Exclude<BudgetingMethod, 'OCCURRENCES'>,
  members: readonly Weighted<Float64Array>[],
): Float64Array {
  const length = members[0]?.value.length ?? 0;
  const mean = members.reduce((sum, { weight }) => sum + Number(weight), 0) / members.length;
  const missing = new Float64Array(length).fill(Number.NaN);
  for (const { weight, value } of members) {
    const share = Number(weight) / mean;
    for (let slice = 0; slice < length; slice += 1) {
      const part = value[slice] as number;
      const before = missing[slice] as number;
      if (Number.isNaN(part)) continue;
      const both = Number.isNaN(before) ? 0 : before;
      missing[slice] = method === 'TIMESLICES' ? Math.max(both, part) : Math.min(1, both + part * share);
    }
  }
  return missing;
}

/** Definitions never change, and are asked for their composite again and again. */
const composites = new WeakMap<readonly ObjectiveDefinition[], ObjectiveDefinition>();

function madeOf(members: readonly ObjectiveDefinition[]): ObjectiveDefinition {
  const targets = members.map((member) => ({ weight: weightOf(member), value: member.target }));
  return {
    name: COMPOSITE,
    displayName: null,
    target: compositeTarget(targets),
    lower: null,
    upper: null,
    sli: null,
    weight: null,
    timeSliceTarget: null,
    timeSliceWindowMs: members[0]?.timeSliceWindowMs ?? null,
  };
}
