import type { Bound, ObjectiveDefinition } from '../domain/slo.js';
import { type Annotations, numberIn } from './annotations.js';
import { asName } from './envelope.js';
import type { SpecFields, SpecNode } from './spec-node.js';
import { decimalOf, readDuration } from './values.js';

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

const operators = ['lte', 'lt', 'gte', 'gt'] as const;
type Operator = (typeof operators)[number];

/** What of the SLO decides how its objectives are read. */
export interface ObjectivesContext {
  /** Whether the SLI is a value with bounds; null when that is not known. */
  readonly isThreshold: boolean | null;
  /** Whether the SLI stands in the SLO itself. */
  readonly isInline: boolean;
  /** Whether the budgeting method counts slices of time. */
  readonly hasSlices: boolean;
}

/**
 * Reads `spec.objectives`; null when one of them has errors.
 */
export function readObjectives(
  node: SpecNode | null,
  sli: ObjectivesContext,
  annotations: Annotations,
): readonly ObjectiveDefinition[] | null {
  const items = node?.items('a list of objectives') ?? null;
  if (items === null) return null;
  if (items.length === 0) return node?.report('expected at least one objective, got an empty list') ?? null;
  if (sli.isThreshold === false) reportBoundsOnRatio(annotations);
  const objectives = items.map((item) => readObjective(item, sli, annotations));
  const names = new Set<string>();
  const named = objectives.map((objective, index) => {
    const own = objective?.name ?? '';
    const name = own === '' || names.has(own) ? `objective-${index + 1}` : own;
    names.add(name);
    return objective === null ? null : { ...objective, name };
  });
  return named.every((objective) => objective !== null) ? named : null;
}

function readObjective(
  node: SpecNode,
  { isThreshold, isInline, hasSlices }: ObjectivesContext,
  annotations: Annotations,
): ObjectiveDefinition | null {
  const fields = node.fields(FIELDS, 'a mapping of an objective');
  if (fields === null) return null;
  const isComposite = reportComposite(fields);
  checkSlices(fields, hasSlices);
  const target = readTarget(fields);
  const displayName = fields.get('displayName')?.string('a text') ?? null;
  const bounds =
    isThreshold === true ? readBounds(fields, annotations) : { lower: null, upper: null, isRight: true as boolean };
  if (isThreshold === false) reportOperator(fields, isInline);
  if (target === null || isComposite || !bounds.isRight) return null;
  const name = displayName === null ? '' : asName(displayName);
  return { name, displayName, target, lower: bounds.lower, upper: bounds.upper };
}

function reportComposite(fields: SpecFields): boolean {
  const names = ['indicator', 'indicatorRef', 'compositeWeight'].filter((name) => fields.get(name) !== null);
  for (const name of names) {
    fields
      .key(name)
      .report('composite objectives are not evaluated; write an SLO for each indicator, with the indicator under spec');
  }
  return names.length > 0;
}

/** Right or wrong by OpenSLO; not used with Occurrences. */
function checkSlices(fields: SpecFields, hasSlices: boolean): void {
  const target = fields.get('timeSliceTarget');
  const share = target?.number('a share above 0, up to 1') ?? null;
  if (share !== null && !(share > 0 && share <= 1)) target?.expected('a share above 0, up to 1');
  const window = fields.get('timeSliceWindow');
  if (window !== null) readDuration(window);
  if (hasSlices) return;
  for (const name of ['timeSliceTarget', 'timeSliceWindow']) {
    if (fields.get(name) !== null) fields.key(name).report('not used with Occurrences; remove it', 'WARNING');
  }
}

/** The target as a decimal, exactly as it was written. */
function readTarget(fields: SpecFields): string | null {
  const form = fields.exactlyOne(['target', 'targetPercent'], 'a target like 0.999, or a targetPercent like 99.9');
  if (form === null) return null;
  const { name, value } = form;
  const isPercent = name === 'targetPercent';
  const what = isPercent ? 'a percentage from 0 to below 100, like 99.9' : 'a share from 0 to below 1, like 0.999';
  if (value.number(what) === null) return null;
  const target = decimalOf(value.written, isPercent ? -2 : 0);
  if (target === null) return value.expected(what, 'write it as a plain decimal');
  if (target.startsWith('-')) return value.expected(what);
  if (Number(target) === 1) {
    return value.expected(
      what,
      `all events good leaves no error budget: choose what may fail, like ${isPercent ? '99.99' : '0.9999'}`,
    );
  }
  if (Number(target) > 1) {
    const share = decimalOf(value.written, -2);
    const meant =
      isPercent || Number(share) >= 1 ? '' : `did you mean target: ${share}, or targetPercent: ${value.written}?`;
    return value.expected(what, meant);
  }
  if (isPercent && Number(value.written) < 1 && Number(value.written) > 0.5) {
    value.report(`${value.written} percent is a very low target; did you mean target: ${value.written}?`, 'WARNING');
  }
  return target;
}

function readBounds(
  fields: SpecFields,
  annotations: Annotations,
): { readonly lower: Bound | null; readonly upper: Bound | null; readonly isRight: boolean } {
  const wrong = { lower: null, upper: null, isRight: false };
  const op =
    fields.require('op', 'lte, lt, gte or gt: how the value is held against its bound')?.oneOf(operators) ?? null;
  const value = fields.require('value', 'the bound of the value, a number')?.number('a number') ?? null;
  const other = { lower: numberIn(annotations, 'lower'), upper: numberIn(annotations, 'upper') };
  if (op === null || value === null) return wrong;
  const side = sideOf(op);
  const first: Bound = { value, inclusive: op === 'lte' || op === 'gte' };
  const same = annotations.get(side);
  if (same !== undefined) {
    same.node.report(`op: ${op} is the ${side} bound already; remove slograph.dev/${side}, or write the other bound`);
    return wrong;
  }
  const opposite = side === 'upper' ? 'lower' : 'upper';
  const second = other[opposite];
  if (annotations.has(opposite) && second === null) return wrong;
  const bounds = { [side]: first, [opposite]: second === null ? null : { value: second, inclusive: true } };
  const { lower = null, upper = null } = bounds as { lower?: Bound | null; upper?: Bound | null };
  if (lower !== null && upper !== null && (lower.value > upper.value || isEmpty(lower, upper))) {
    annotations
      .get(opposite)
      ?.node.report(
        `the lower bound ${lower.value} is not below the upper bound ${upper.value}; no value could be good`,
      );
    return wrong;
  }
  return { lower, upper, isRight: true };
}

function sideOf(op: Operator): 'lower' | 'upper' {
  return op === 'lte' || op === 'lt' ? 'upper' : 'lower';
}

function isEmpty(lower: Bound, upper: Bound): boolean {
  return lower.value === upper.value && !(lower.inclusive && upper.inclusive);
}

/** A share of good events is always held to be at least its target, which `gt` and `gte` only say again. */
function reportOperator(fields: SpecFields, isInline: boolean): void {
  const op = fields.get('op')?.scalar ?? null;
  if (op !== null) {
    const advice = 'remove it: a ratio has a target only, op and value belong to a thresholdMetric';
    const isHarmless = !isInline || op === 'gt' || op === 'gte';
    fields.key('op').report(`"op" has no meaning for a ratio; ${advice}`, isHarmless ? 'WARNING' : 'ERROR');
  } else if (fields.get('value') !== null) {
    fields.key('value').report('"value" has no meaning for a ratio; remove it', 'WARNING');
  }
}

function reportBoundsOnRatio(annotations: Annotations): void {
  for (const name of ['lower', 'upper'] as const) {
    annotations
      .get(name)
      ?.node.report(`slograph.dev/${name} bounds the value of a thresholdMetric; a ratio has none: remove it`);
  }
}
