import type { Bound } from '../domain/slo.js';
import { type Annotations, numberIn } from './annotations.js';
import type { SpecFields } from './spec-node.js';

const operators = ['lte', 'lt', 'gte', 'gt'] as const;
type Operator = (typeof operators)[number];

interface Bounds {
  readonly lower: Bound | null;
  readonly upper: Bound | null;
}

/** Reads the bounds of a value: one by `op` and `value`, the other by an annotation; null when they have errors. */
export function readBounds(fields: SpecFields, annotations: Annotations): Bounds | null {
  const op =
    fields.require('op', 'lte, lt, gte or gt: how the value is held against its bound')?.oneOf(operators) ?? null;
  const value = fields.require('value', 'the bound of the value, a number')?.number('a number') ?? null;
  const other = { lower: numberIn(annotations, 'lower'), upper: numberIn(annotations, 'upper') };
  if (op === null || value === null) return null;
  const side = sideOf(op);
  const first: Bound = { value, inclusive: op === 'lte' || op === 'gte' };
  const same = annotations.get(side);
  if (same !== undefined) {
    return same.node.report(
      `op: ${op} is the ${side} bound already; remove slograph.dev/${side}, or write the other bound`,
    );
  }
  const opposite = side === 'upper' ? 'lower' : 'upper';
  const second = other[opposite];
  if (annotations.has(opposite) && second === null) return null;
  const bounds: Bounds = {
    lower: null,
    upper: null,
    [side]: first,
    [opposite]: second === null ? null : { value: second, inclusive: true },
  };
  return reportIfEmpty(bounds, opposite, annotations) ? null : bounds;
}

/**
 * A share of good events is always held to be at least its target: `op` and `value` have no meaning for it.
 * @param isRefused whether OpenSLO's own validator knows that it is a ratio, and refuses them
 */
export function reportOperator(fields: SpecFields, isRefused: boolean): void {
  for (const name of ['op', 'value'] as const) {
    if (fields.get(name) === null) continue;
    const key = fields.key(name);
    const message = `"${name}" has no meaning for a ratio; remove it: its share of good events is always held to be at least the target`;
    if (isRefused) key.deviation(message);
    else key.report(message, 'WARNING');
  }
}

export function reportBoundsOnRatio(annotations: Annotations): void {
  for (const name of ['lower', 'upper'] as const) {
    annotations
      .get(name)
      ?.node.report(`slograph.dev/${name} bounds the value of a thresholdMetric; a ratio has none: remove it`);
  }
}

function sideOf(op: Operator): 'lower' | 'upper' {
  return op === 'lte' || op === 'lt' ? 'upper' : 'lower';
}

function reportIfEmpty({ lower, upper }: Bounds, side: 'lower' | 'upper', annotations: Annotations): boolean {
  if (lower === null || upper === null || lower.value < upper.value) return false;
  if (lower.value === upper.value && lower.inclusive && upper.inclusive) return false;
  annotations
    .get(side)
    ?.node.report(`the lower bound ${lower.value} is not below the upper bound ${upper.value}; no value could be good`);
  return true;
}
