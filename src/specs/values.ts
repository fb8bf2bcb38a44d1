import type { SpecNode } from './spec-node.js';

const SHORTHAND_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  M: 30 * 86_400_000,
  Q: 90 * 86_400_000,
  Y: 365 * 86_400_000,
};

const MAX_MS = 10 * 365 * 86_400_000;

/**
 * An OpenSLO duration, in milliseconds: whole number and unit, `M` 30 days, `Q` 90, `Y` 365.
 * @see https://github.com/OpenSLO/OpenSLO (duration-shorthand)
 */
export function readDuration(node: SpecNode, least: 0 | 1 = 1): number | null {
  return readShorthand(node, least)?.milliseconds ?? null;
}

/** A duration with its parts as they were written. */
export function readShorthand(
  node: SpecNode,
  least: 0 | 1 = 1,
): { readonly count: number; readonly unit: string; readonly milliseconds: number } | null {
  const { scalar } = node;
  const match = typeof scalar === 'string' ? /^(\d+)([mhdwMQY])$/.exec(scalar) : null;
  const what = 'a whole number with one of m h d w M Q Y (m minutes, M months of 30 days), like 30d';
  if (match === null) return node.expected(what, durationAdvice(scalar));
  const [, digits, unit] = match as unknown as [string, string, string];
  const count = Number(digits);
  const milliseconds = count * (SHORTHAND_MS[unit] ?? 0);
  if (milliseconds === 0 && least === 1) return node.expected('a duration longer than 0');
  return milliseconds <= MAX_MS ? { count, unit, milliseconds } : node.expected('a duration of up to 10Y');
}

/**
 * A decimal as it was written, shifted by `shift` digits, without a float in between: 99.9 shifted by -2 is `0.999`.
 * Null when the text is no plain decimal of a sensible size.
 */
export function decimalOf(written: string, shift: number): string | null {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d{1,2}))?$/i.exec(written);
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return null;
  const point = whole.length + Number(exponent) + shift;
  const digits = `${'0'.repeat(Math.max(0, -point))}${whole}${fraction}${'0'.repeat(Math.max(0, point - whole.length - fraction.length))}`;
  const at = Math.max(0, point);
  const left = digits.slice(0, at).replace(/^0+/, '') || '0';
  const right = digits.slice(at).replace(/0+$/, '');
  const value = right === '' ? left : `${left}.${right}`;
  return sign === '-' && value !== '0' ? `-${value}` : value;
}

function durationAdvice(value: unknown): string {
  if (typeof value === 'number') return 'add a unit';
  if (typeof value !== 'string') return '';
  if (/^\d+\s*(s|sec|seconds?)$/i.test(value)) return 'OpenSLO has no seconds';
  if (/^P/.test(value)) return 'OpenSLO does not read ISO 8601 durations';
  const days = /^(\d+)\s*(d|days?)$/i.exec(value);
  return days === null ? '' : `write ${days[1]}d`;
}
