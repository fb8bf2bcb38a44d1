import type { SpecFields, SpecNode } from './spec-node.js';
import { decimalOf } from './values.js';

/** Reads `target` or `targetPercent` as a decimal, exactly as it was written; null when it is none. */
export function readTarget(fields: SpecFields): string | null {
  const form = fields.exactlyOne(['target', 'targetPercent'], 'a target like 0.999, or a targetPercent like 99.9');
  if (form === null) return null;
  const { name, value } = form;
  const isPercent = name === 'targetPercent';
  const what = isPercent ? 'a percentage from 0 to below 100, like 99.9' : 'a share from 0 to below 1, like 0.999';
  const written = writtenNumber(value, what);
  if (written === null) return null;
  const target = decimalOf(written, isPercent ? -2 : 0);
  if (target === null) return value.expected(what, 'write it as a plain decimal');
  if (target.startsWith('-')) return value.expected(what);
  if (Number(target) === 1) {
    return value.expected(
      what,
      `all events good leaves no error budget: choose what may fail, like ${isPercent ? '99.99' : '0.9999'}`,
    );
  }
  if (Number(target) > 1) {
    const share = decimalOf(written, -2);
    const meant = isPercent || Number(share) >= 1 ? '' : `did you mean target: ${share}, or targetPercent: ${written}?`;
    return value.expected(what, meant);
  }
  if (isPercent && Number(written) < 1 && Number(written) > 0.5) {
    value.report(`${written} percent is a very low target; did you mean target: ${written}?`, 'WARNING');
  }
  return target;
}

/** Reads `timeSliceTarget`: a share above 0 and up to 1, as a decimal. */
export function readSliceTarget(node: SpecNode): string | null {
  const what = 'a share above 0, up to 1';
  const written = writtenNumber(node, what);
  const target = written === null ? null : decimalOf(written, 0);
  if (written === null) return null;
  return target !== null && Number(target) > 0 && Number(target) <= 1 ? target : node.expected(what);
}

/** Reads `compositeWeight`: a decimal above 0. */
export function readWeight(node: SpecNode): string | null {
  const what = 'a weight above 0';
  const written = writtenNumber(node, what);
  const weight = written === null ? null : decimalOf(written, 0);
  if (written === null) return null;
  return weight !== null && Number(weight) > 0 ? weight : node.expected(what);
}

/** The digits of a number; in quotes they are let pass where OpenSLO is not taken strictly. */
function writtenNumber(node: SpecNode, what: string): string | null {
  const { scalar } = node;
  if (typeof scalar !== 'string' || decimalOf(scalar, 0) === null) {
    return node.number(what) === null ? null : node.written;
  }
  if (node.isStrict) return node.expected(what, 'write it without quotes');
  node.report(`"${scalar}" in quotes is taken as the number ${scalar}; write it without quotes`, 'WARNING');
  return scalar;
}
