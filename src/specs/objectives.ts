import { COMPOSITE } from '../domain/composite.js';
import { formatDuration } from '../domain/duration.js';
import type { BudgetingMethod, ObjectiveDefinition, SliDefinition } from '../domain/slo.js';
import type { Annotations } from './annotations.js';
import { readBounds, reportBoundsOnRatio, reportOperator } from './bounds.js';
import { asName } from './envelope.js';
import { type ChosenIndicator, definitionOf, readIndicatorOf } from './indicator-choice.js';
import type { Library } from './library.js';
import type { SpecFields, SpecNode } from './spec-node.js';
import { readSliceTarget, readTarget, readWeight } from './target.js';
import { readDuration } from './values.js';

const FIELDS = [
  'displayName',
  'op',
  'value',
  'target',
  'targetPercent',
  'timeSliceTarget',
  'timeSliceWindow',
  'indicator',
  'indicatorRef',
  'compositeWeight',
] as const;

/** What of the SLO decides how its objectives are read. */
export interface ObjectivesContext {
  readonly annotations: Annotations;
  /** Whether the SLI stands with each objective. */
  readonly isComposite: boolean;
  /** The SLI of all objectives; null in a composite, and when it has errors. */
  readonly indicator: ChosenIndicator | null;
  /** Null when it has errors. */
  readonly method: BudgetingMethod | null;
  /** Nominal length of the SLO's window; null when it has errors. */
  readonly windowMs: number | null;
  readonly library: Library;
}

/** An objective with the indicator that it was read with. */
export interface ReadObjective {
  readonly objective: ObjectiveDefinition;
  /** Its own; null when the SLO is no composite. */
  readonly chosen: ChosenIndicator | null;
}

/** Reads `spec.objectives`; null when one of them has errors. */
export function readObjectives(node: SpecNode | null, context: ObjectivesContext): readonly ReadObjective[] | null {
  const items = node?.items('a list of objectives') ?? null;
  if (items === null) return null;
  if (items.length === 0) return node?.report('expected at least one objective, got an empty list') ?? null;
  const { indicator, annotations, isComposite } = context;
  if (isComposite || indicator?.indicator.isThreshold === false) reportBoundsOnRatio(annotations);
  const objectives = items.map((item) => readObjective(item, context));
  const names = new Set(isComposite ? [COMPOSITE] : []);
  const named = objectives.map((read, index) => {
    const own = read?.objective.name ?? '';
    const name = own === '' || names.has(own) ? `objective-${index + 1}` : own;
    names.add(name);
    return read === null ? null : { ...read, objective: { ...read.objective, name } };
  });
  if (!named.every((read) => read !== null)) return null;
  return isComposite && !haveSlicesAlike(named, items) ? null : named;
}

/** Slices of different lengths would be good or bad together at no time that all of them have. */
function haveSlicesAlike(read: readonly ReadObjective[], items: readonly SpecNode[]): boolean {
  const lengths = read.map(({ objective }) => objective.timeSliceWindowMs);
  const other = lengths.findIndex((lengthMs) => lengthMs !== lengths[0]);
  if (other < 0) return true;
  const [first, second] = [lengths[0], lengths[other]].map((lengthMs) => formatDuration(lengthMs ?? 0));
  items[other]?.report(
    `slices of ${second} beside slices of ${first} in the first objective; give all members of a composite the same timeSliceWindow`,
  );
  return false;
}

function readObjective(node: SpecNode, context: ObjectivesContext): ReadObjective | null {
  const { isComposite, annotations, library } = context;
  const fields = node.fields(FIELDS, 'a mapping of an objective');
  if (fields === null) return null;
  const own = isComposite ? readIndicatorOf(fields, library) : null;
  if (!isComposite) reportComposite(fields);
  const chosen = own ?? context.indicator;
  const slices = readSlices(fields, context);
  const target = readTarget(fields);
  const displayName = fields.get('displayName')?.string('a text') ?? null;
  const weightNode = isComposite ? fields.get('compositeWeight') : null;
  const weight = weightNode === null ? (isComposite ? '1' : null) : readWeight(weightNode);
  const bounds = readBoundsOf(fields, chosen, context);
  if (target === null || slices === null || bounds === null || (isComposite && (own === null || weight === null))) {
    return null;
  }
  const sli: SliDefinition | null = own === null ? null : definitionOf(own, annotations);
  const name = displayName === null ? '' : asName(displayName);
  return { chosen: own, objective: { name, displayName, target, ...bounds, sli, weight, ...slices } };
}

function readBoundsOf(
  fields: SpecFields,
  chosen: ChosenIndicator | null,
  { isComposite, annotations: ofSlo }: ObjectivesContext,
): Pick<ObjectiveDefinition, 'lower' | 'upper'> | null {
  const none = { lower: null, upper: null };
  if (chosen === null) return none;
  const { indicator, isInline } = chosen;
  if (indicator.isThreshold) return readBounds(fields, new Map([...indicator.annotations, ...ofSlo]));
  reportOperator(fields, isInline && !isComposite);
  return none;
}

function reportComposite(fields: SpecFields): void {
  for (const name of ['indicator', 'indicatorRef'] as const) {
    if (fields.get(name) === null) continue;
    fields
      .key(name)
      .report(
        'an SLI stands either under spec, for all objectives, or with each objective (a composite), never both; remove one of them',
      );
  }
  if (fields.get('compositeWeight') === null) return;
  fields
    .key('compositeWeight')
    .report('"compositeWeight" has no meaning where the objectives have no SLIs of their own; remove it', 'WARNING');
}

function readSlices(
  fields: SpecFields,
  { method, windowMs }: ObjectivesContext,
): Pick<ObjectiveDefinition, 'timeSliceTarget' | 'timeSliceWindowMs'> | null {
  const none = { timeSliceTarget: null, timeSliceWindowMs: null };
  if (method === null) return none;
  if (method === 'OCCURRENCES') {
    for (const name of ['timeSliceTarget', 'timeSliceWindow']) {
      if (fields.get(name) !== null) fields.key(name).report('not used with Occurrences; remove it', 'WARNING');
    }
    return none;
  }
  const isCounted = method === 'TIMESLICES';
  if (!isCounted && fields.get('timeSliceTarget') !== null) {
    fields.key('timeSliceTarget').report('not used with RatioTimeslices; remove it', 'WARNING');
  }
  const targetNode = isCounted ? fields.require('timeSliceTarget', 'a share above 0, up to 1') : null;
  const timeSliceTarget = targetNode === null ? null : readSliceTarget(targetNode);
  const windowNode = fields.require('timeSliceWindow', 'the length of a slice, like 1m');
  const timeSliceWindowMs = windowNode === null ? null : readSliceWindow(windowNode);
  if (timeSliceWindowMs === null || (isCounted && timeSliceTarget === null)) return null;
  if (windowMs !== null && timeSliceWindowMs > windowMs) {
    return windowNode?.report('a slice is longer than the window of the SLO; use shorter slices') ?? null;
  }
  return { timeSliceTarget, timeSliceWindowMs };
}

/** OpenSLO's text also lets a bare number stand for minutes, which its validator refuses. */
function readSliceWindow(node: SpecNode): number | null {
  const { scalar } = node;
  if (node.isStrict || typeof scalar !== 'number') return readDuration(node);
  if (!(Number.isSafeInteger(scalar) && scalar > 0 && scalar < 1e6)) return readDuration(node);
  node.report(`${scalar} without a unit is taken as minutes; write "${scalar}m"`, 'WARNING');
  return scalar * 60_000;
}
