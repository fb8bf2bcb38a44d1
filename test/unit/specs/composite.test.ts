import { describe, expect, it } from 'vitest';
import { compositeOf } from '../../../src/domain/composite.js';
import type { SloDefinition } from '../../../src/domain/slo.js';
import { read, shown } from './support.js';

const sli = (name: string) => `---
apiVersion: openslo/v1
kind: SLI
metadata: { name: ${name} }
spec:
  ratioMetric:
    counter: true
    bad: { metricSource: { spec: { query: sum(${name}_failed_total) } } }
    total: { metricSource: { spec: { query: sum(${name}_total) } } }
`;

/** A composite of members as they are written, each a line of a list. */
const composite = (members: readonly string[], changes: { method?: string; annotation?: string } = {}) => `---
apiVersion: openslo/v1
kind: Service
metadata: { name: shop }
spec: {}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: buying
  annotations: { slograph.dev/system-kind: user-facing${changes.annotation ?? ''} }
spec:
  service: shop
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: ${changes.method ?? 'Occurrences'}
  objectives:
${members.map((member) => `    - ${member}\n`).join('')}`;

const both = [
  '{ displayName: Find, target: 0.99, indicatorRef: search, compositeWeight: 2.5 }',
  '{ displayName: Pay, targetPercent: 99.9, indicatorRef: pay }',
];
const slis = `${sli('search')}${sli('pay')}`;
const only = (text: string) => {
  const { slos, problems } = read(text);
  expect(shown({ slos, problems }).filter((line) => !line.startsWith('warning'))).toEqual([]);
  return slos[0] as SloDefinition;
};

describe('a composite', () => {
  it('has an SLI, a target and a weight with each objective, and none of its own', () => {
    const slo = only(composite(both) + slis);
    expect(slo.sli).toBeNull();
    expect(slo.objectives).toMatchObject([
      { name: 'find', target: '0.99', weight: '2.5', sli: { name: 'search' } },
      { name: 'pay', target: '0.999', weight: '1', sli: { name: 'pay' } },
    ]);
    expect(Number(compositeOf(slo)?.target)).toBeCloseTo((2.5 * 0.99 + 0.999) / 3.5, 15);
  });

  it('has members in place, by name, or both, and may have one only', () => {
    const inPlace =
      '{ target: 0.9, indicator: { metadata: { name: x }, spec: { ratioMetric: { counter: true, bad: { metricSource: { spec: { query: a } } }, total: { metricSource: { spec: { query: b } } } } } } }';
    expect(only(composite([inPlace, both[1] as string]) + slis).objectives.map(({ name }) => name)).toEqual([
      'objective-1',
      'pay',
    ]);
    expect(only(composite([inPlace])).objectives[0]).toMatchObject({ weight: '1' });
  });

  it('keeps its own name for itself', () => {
    const named = composite(['{ displayName: Composite, target: 0.9, indicatorRef: pay }']);
    expect(only(named + slis).objectives[0]?.name).toBe('objective-1');
  });

  it('is watched by alert policies and windows as a whole, which are left out only where all members bad would not reach them', () => {
    // The mean of the budgets is 5.05 %, and burns at 19.8 at most; the mean of the burn rates is 505 at most.
    const uneven = ['{ target: 0.9, indicatorRef: search }', '{ target: 0.999, indicatorRef: pay }'];
    const windows = ', slograph.dev/burn-rate-windows: "50%/1h/5m"';
    expect(only(composite(uneven, { annotation: windows }) + slis).burnRateRules).toMatchObject([{ factor: 360 }]);
    const even = ['{ target: 0.9, indicatorRef: search }', '{ target: 0.9, indicatorRef: pay }'];
    const text = composite(even, { annotation: windows }) + slis;
    expect(only(text).burnRateRules).toEqual([]);
    expect(shown(read(text)).join()).toContain('at a target of 0.9 even nothing but errors burns at 10');
  });

  it('of slices counts slices of one length', () => {
    const slices = (length: string) =>
      `{ target: 0.9, indicatorRef: pay, timeSliceWindow: ${length}, timeSliceTarget: 0.9 }`;
    const slo = only(composite([slices('5m'), slices('5m')], { method: 'Timeslices' }) + slis);
    expect(compositeOf(slo)).toMatchObject({ timeSliceWindowMs: 300_000 });
    const mixed = read(composite([slices('60m'), slices('1h'), slices('5m')], { method: 'Timeslices' }) + slis);
    expect(mixed.slos).toEqual([]);
    expect(shown(mixed).join()).toContain(
      'spec.objectives[2]: slices of 5m beside slices of 1h in the first objective',
    );
  });
});
