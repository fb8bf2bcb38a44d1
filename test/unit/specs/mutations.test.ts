import fc from 'fast-check';
import { expect, it } from 'vitest';
import { good, options, readWith, service, swap, threshold } from './support.js';

const annotations = `    slograph.dev/no-data: bad
    slograph.dev/min-failures: "2"
    slograph.dev/min-confidence: "0.95"
    slograph.dev/conditions: 'min-events=20; hours=Mon-Fri 08:00-18:00 Europe/Berlin; when=up == 1'
    slograph.dev/burn-rate-windows: 2%/1h/5m,5%/6h/30m
`;
const calendar =
  'isRolling: false\n      calendar:\n        startTime: 2026-01-01 00:00:00\n        timeZone: Asia/Seoul';
const composite = `apiVersion: openslo/v1
kind: SLO
metadata:
  name: whole
spec:
  service: detector
  timeWindow:
    - duration: 1M
      ${calendar}
  budgetingMethod: Timeslices
  objectives:
    - target: 0.99
      timeSliceTarget: 0.95
      timeSliceWindow: 5m
      compositeWeight: 2
      indicatorRef: errors
    - targetPercent: 99.5
      timeSliceTarget: 0.95
      timeSliceWindow: 5m
      indicator:
        metadata: { name: errors }
        spec:
          ratioMetric:
            counter: true
            bad: { metricSource: { spec: { query: sum(errors_total) } } }
            total: { metricSource: { spec: { query: sum(requests_total) } } }
  alertPolicies:
    - alertPolicyRef: page
    - kind: AlertPolicy
      metadata: { name: slow }
      spec:
        alertWhenBreaching: true
        conditions:
          - kind: AlertCondition
            metadata: { name: slow }
            spec:
              severity: low
              condition: { kind: burnrate, op: gt, threshold: 2, lookbackWindow: 3d }
        notificationTargets:
          - targetRef: on-call
---
apiVersion: openslo/v1
kind: SLI
metadata:
  name: errors
spec:
  thresholdMetric:
    metricSource:
      metricSourceRef: metrics
      spec:
        query: max(x)
---
apiVersion: openslo/v1
kind: DataSource
metadata:
  name: metrics
spec:
  type: Prometheus
  connectionDetails:
    cluster: edge-seoul
`;
const texts = [
  good.replace('  annotations:\n', `  annotations:\n${annotations}`),
  threshold,
  swap(good, 'isRolling: true', calendar),
  composite,
  JSON.stringify(
    [{ apiVersion: 'openslo/v1', kind: 'Service', metadata: { name: 'x', labels: { a: ['b'] } } }],
    null,
    1,
  ),
];
const odd = [
  '""',
  'null',
  '[]',
  '{}',
  '-1',
  '1e999',
  '.nan',
  '"\\0"',
  '!!binary x',
  '&a',
  '*a',
  'true',
  '1M',
  '"x"',
  '|',
  '?',
];

const mutation = fc.record({
  line: fc.nat(200),
  how: fc.constantFrom('drop', 'double', 'value', 'key', 'indent', 'cut'),
  by: fc.constantFrom(...odd),
});

function mutated(text: string, { line, how, by }: { line: number; how: string; by: string }): string {
  const lines = text.split('\n');
  const at = line % lines.length;
  const own = lines[at] as string;
  const replaced = {
    drop: [],
    double: [own, own],
    value: [own.replace(/:.*$/, `: ${by}`)],
    key: [own.replace(/[\w.-]+:/, `${by}:`)],
    indent: [`  ${own}`],
    cut: [own.slice(0, own.length / 2)],
  }[how] as string[];
  return [...lines.slice(0, at), ...replaced, ...lines.slice(at + 1)].join('\n');
}

it('a definition that is damaged is read or told with its place; strict never takes what is refused otherwise', () => {
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.array(mutation, { minLength: 1, maxLength: 3 }), (text, mutations) => {
      const damaged = mutations.reduce(mutated, text);
      const [strict, lenient] = [true, false].map((isStrict) =>
        readWith({ ...options, strict: isStrict }, damaged, service),
      ) as [ReturnType<typeof readWith>, ReturnType<typeof readWith>];
      for (const { problems, slos } of [strict, lenient]) {
        for (const problem of problems) {
          expect(problem.message).not.toBe('');
          expect(problem.message.length).toBeLessThan(2_000);
          expect(problem.line).toBeGreaterThan(0);
          expect(problem.column).toBeGreaterThan(0);
        }
        for (const { source } of slos) expect(source.revision).toMatch(/^[0-9a-f]{16}$/);
      }
      const taken = lenient.slos.map(({ name, source }) => `${name} ${source.revision}`);
      for (const { name, source } of strict.slos) expect(taken).toContain(`${name} ${source.revision}`);
    }),
    { numRuns: 150 },
  );
});
