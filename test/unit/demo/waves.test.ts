import { describe, expect, it } from 'vitest';
import { amount, type Flow, nameOf, rateAt, remembering, uuidOf } from '../../../src/demo/waves.js';

const NOON = Date.UTC(2026, 0, 15, 12);
const flow: Flow = { perSecond: 20, swing: 0.3, phase: 1 };

describe('a flow', () => {
  it('adds up to the integral of its rate', () => {
    let sum = 0;
    for (let second = 0; second < 7_200; second += 1) sum += rateAt(flow, NOON + second * 1_000 + 500);
    expect(amount(flow, NOON, NOON + 7_200_000)).toBeCloseTo(sum, 3);
  });

  it('is additive, and nothing flows backwards in time', () => {
    const middle = NOON + 1_234_567;
    const end = NOON + 9_999_999;
    expect(amount(flow, NOON, middle) + amount(flow, middle, end)).toBeCloseTo(amount(flow, NOON, end), 6);
    expect(amount(flow, end, NOON)).toBe(0);
  });

  it('has the same sum every day', () => {
    const day = 86_400_000;
    const first = amount({ ...flow, swing: 0.6 }, NOON, NOON + day);
    expect(first / (20 * 86_400)).toBeCloseTo(1, 2);
  });
});

it('remembers the answer of one instant only', () => {
  const asked: number[] = [];
  const twice = remembering((at) => {
    asked.push(at);
    return at * 2;
  });
  expect([twice(1), twice(1), twice(2), twice(1)]).toEqual([2, 2, 4, 2]);
  expect(asked).toEqual([1, 2, 1]);
});

it('makes names as Kubernetes does, always the same ones', () => {
  expect(nameOf('crosswalk/detector', 9)).toMatch(/^[a-z0-9]{9}$/);
  expect(nameOf('crosswalk/detector', 9)).toBe(nameOf('crosswalk/detector', 9));
  expect(uuidOf('a')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(uuidOf('a')).not.toBe(uuidOf('b'));
});
