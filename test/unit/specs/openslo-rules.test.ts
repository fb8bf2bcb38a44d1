import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { good, options, readWith, shown, swap, threshold } from './support.js';

const policy = `apiVersion: openslo/v1
kind: AlertPolicy
metadata: { name: page }
spec:
  alertWhenBreaching: true
  conditions: [{ conditionRef: fast }]
  notificationTargets: [{ targetRef: on-call }]
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: { name: fast }
spec:
  severity: page
  condition: { kind: burnrate, op: gte, threshold: 14.4, lookbackWindow: 1h, alertAfter: 5m }
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: { name: on-call }
spec: { target: pagerduty, description: who is called }
`;
const dataSource = `apiVersion: openslo/v1
kind: DataSource
metadata: { name: metrics }
spec: { type: Prometheus, connectionDetails: { cluster: edge-seoul }, description: all of it }
`;
const raw = `apiVersion: openslo/v1
kind: SLI
metadata: { name: uptime }
spec:
  ratioMetric:
    rawType: success
    raw: { metricSource: { spec: { query: avg(up) } } }
`;
const bad = `apiVersion: openslo/v1
kind: SLI
metadata: { name: errors }
spec:
  description: what fails
  ratioMetric:
    counter: true
    bad: { metricSource: { spec: { query: sum(errors_total) } } }
    total: { metricSource: { spec: { query: sum(requests_total) } } }
`;
const service = 'apiVersion: openslo/v1\nkind: Service\nmetadata: { name: store }\nspec: { description: sells }\n';
const objective = '    - displayName: Answered\n      target: 0.999\n';
const indicator = good.slice(good.indexOf('  indicator:'), good.indexOf('  timeWindow:'));
const composite = swap(
  good.replace(indicator, ''),
  objective,
  `    - target: 0.99
      compositeWeight: 2
      indicator:
        metadata: { name: errors }
        spec: { ratioMetric: { counter: true, bad: { metricSource: { spec: { query: e } } }, total: { metricSource: { spec: { query: t } } } } }
    - target: 0.9
      indicatorRef: errors
`,
);
const calendar = 'isRolling: false\n      calendar: { startTime: "2026-01-01 12:30:00", timeZone: Europe/Berlin }';
const calendarSlo = swap(good, 'isRolling: true', calendar);
const timeslices = swap(
  swap(good, 'Occurrences', 'Timeslices'),
  'target: 0.999',
  'target: 0.999\n      timeSliceTarget: 1.0\n      timeSliceWindow: 1m',
);
const ratioSlices = swap(
  swap(good, 'Occurrences', 'RatioTimeslices'),
  'target: 0.999',
  'target: 0.999\n      timeSliceWindow: 1m',
);
const metadata = (lines: string) => swap(good, '  annotations:', `${lines}\n  annotations:`);

interface Row {
  readonly rule: string;
  readonly right: string;
  readonly part: string;
  readonly by: string;
  /** How it is called in docs/slos.md, when it is let pass where OpenSLO is not taken strictly. */
  readonly lenient?: string;
}
const row = (rule: string, right: string, part: string, by: string, lenient?: string): Row =>
  lenient === undefined ? { rule, right, part, by } : { rule, right, part, by, lenient };

const rows: readonly Row[] = [
  row(
    'the version is openslo/v1',
    good,
    'openslo/v1',
    'openslo.com/v1',
    '`apiVersion: openslo.com/v1`, with fields of Kubernetes',
  ),
  row('the version is no other', good, 'openslo/v1', 'openslo/v2'),
  row('the kind is one of seven', good, 'kind: SLO', 'kind: Sla'),
  row('the kind is spelled DataSource', dataSource, 'DataSource', 'Datasource', '`kind: Datasource`'),
  row('fields are known', good, '  budgetingMethod', '  owner: me\n  budgetingMethod'),
  row('a name is there', dataSource, '{ name: metrics }', '{}'),
  row('a name is in lower case', dataSource, 'name: metrics', 'name: Metrics'),
  row('a name has no dots', dataSource, 'name: metrics', 'name: a.b'),
  row('a name has up to 63 characters', swap(dataSource, 'metrics', 'm'.repeat(63)), 'm'.repeat(63), 'm'.repeat(64)),
  row('a name begins with a letter or digit', dataSource, 'name: metrics', 'name: -metrics'),
  row(
    'a display name has up to 63 characters',
    metadata(`  displayName: ${'d'.repeat(63)}`),
    'd'.repeat(63),
    'd'.repeat(64),
    'a `displayName` of more than 63 characters',
  ),
  row('a label has a text or texts', metadata('  labels: { team: [a, b], env: prod }'), 'prod', '{ a: b }'),
  row(
    'a label is no number',
    metadata('  labels: { team: a, version: "1" }'),
    '"1"',
    '1',
    'a number or switch in place of a text in labels and annotations',
  ),
  row('a label has a name', metadata('  labels: { te.a_m-1: a }'), 'te.a_m-1', '"te am"'),
  row('an annotation is a text', metadata('  labels: {}'), 'crosswalk/detector', '[a]'),
  row('an annotation has a name', good, 'slograph.dev/microservice', '"a/b/c"'),
  row('a description has up to 1050 characters', swap(service, 'sells', 's'.repeat(1050)), 'sss', 'ssss'),
  row('a duration has a unit', good, '30d', '30'),
  row('a duration has a known unit', good, '30d', '30D'),
  row('a duration is not in seconds', good, '30d', '30s'),
  row('a duration is not negative', good, '30d', '-30d'),
  row('a duration is a whole number', good, '30d', '1.5d'),
  row('a data source has a type', dataSource, 'type: Prometheus, ', ''),
  row(
    'a data source has connection details',
    dataSource,
    ', connectionDetails: { cluster: edge-seoul }',
    '',
    'a DataSource without `connectionDetails`',
  ),
  row('a service has a description only', service, 'description: sells', 'owner: me'),
  row('an SLI has one metric', raw, '  ratioMetric:', '  thresholdMetric: {}\n  ratioMetric:'),
  row('an SLI has a metric', raw, raw.slice(raw.indexOf('  ratioMetric')), '  description: x\n'),
  row('a metric has a source', raw, '{ metricSource: { spec: { query: avg(up) } } }', '{}'),
  row('a source has a spec', raw, 'spec: { query: avg(up) }', 'type: Prometheus'),
  row('the spec of a source is not empty', raw, '{ query: avg(up) }', '{}'),
  row('counter is true or false', bad, 'counter: true', 'counter: "yes"'),
  row(
    'good or bad stands beside total',
    bad,
    '    bad: { metricSource: { spec: { query: sum(errors_total) } } }\n',
    '',
  ),
  row(
    'good and bad do not stand together',
    bad,
    '    bad:',
    '    good: { metricSource: { spec: { query: x } } }\n    bad:',
  ),
  row(
    'total stands beside good or bad',
    bad,
    '    total: { metricSource: { spec: { query: sum(requests_total) } } }\n',
    '',
  ),
  row(
    'raw and total do not stand together',
    raw,
    '    raw:',
    '    total: { metricSource: { spec: { query: x } } }\n    raw:',
  ),
  row(
    'raw and good do not stand together',
    raw,
    '    raw:',
    '    good: { metricSource: { spec: { query: x } } }\n    raw:',
  ),
  row('raw has a type', raw, '    rawType: success\n', ''),
  row('the type of raw is success or failure', swap(raw, 'success', 'failure'), 'failure', 'error'),
  row('an SLO has a service', good, '  service: detector\n', ''),
  row('an SLO has an indicator', good, indicator, ''),
  row('an SLO has one indicator', good, '  timeWindow:', '  indicatorRef: x\n  timeWindow:'),
  row('an indicator in place has metadata', good, '    metadata:\n      name: detector-availability\n', ''),
  row(
    'an SLO has a window',
    good,
    good.slice(good.indexOf('  timeWindow:'), good.indexOf('  budgetingM')),
    '',
    'no `timeWindow`',
  ),
  row('an SLO has one window', good, '    - duration', '    - { duration: 1d, isRolling: true }\n    - duration'),
  row('a window has a duration', good, '    - duration: 30d\n      isRolling', '    - isRolling'),
  row('a rolling window has no calendar', calendarSlo, 'isRolling: false', 'isRolling: true'),
  row('a window that is not rolling has a calendar', good, 'isRolling: true', 'isRolling: false'),
  row('a window that does not say is not rolling', good, '\n      isRolling: true', ''),
  row('a calendar begins at a time', calendarSlo, '2026-01-01 12:30:00', '2026-01-01T12:30:00'),
  row('a calendar begins on a day that is', calendarSlo, '2026-01-01', '2026-13-01'),
  row('a calendar has a time', calendarSlo, 'startTime: "2026-01-01 12:30:00", ', ''),
  row('a calendar has a zone that is', calendarSlo, 'Europe/Berlin', 'Europe/Bonn'),
  row('a zone is no offset', calendarSlo, 'Europe/Berlin', '"+09:00"'),
  row('a budgeting method is there', good, '  budgetingMethod: Occurrences\n', ''),
  row('a budgeting method is one of three', good, 'Occurrences', 'Events'),
  row('a budgeting method is spelled right', good, 'Occurrences', 'occurrences'),
  row('a ratio in place has no op', good, 'target: 0.999', 'target: 0.999\n      op: gte', '`op` with a ratio'),
  row('a ratio in place has no value', good, 'target: 0.999', 'target: 0.999\n      value: 1', '`value` with a ratio'),
  row('a threshold in place has an op', threshold, '    - op: lte\n      value', '    - value'),
  row('a threshold in place has a value', threshold, '      value: 30\n', ''),
  row('op is one of four', threshold, 'op: lte', 'op: eq'),
  row('a target is below 1', swap(good, '0.999', '0.9999'), '0.9999', '1.0'),
  row('a target is 0 at least', swap(good, '0.999', '0'), 'target: 0', 'target: -0.1'),
  row('a target is no percentage', good, '0.999', '99.9'),
  row('a target is a number', good, '0.999', '"0.999"', '`target: "0.999"`, a number in quotes'),
  row('a percentage is below 100', swap(good, 'target: 0.999', 'targetPercent: 99.99'), '99.99', '100'),
  row('a percentage is 0 at least', swap(good, 'target: 0.999', 'targetPercent: 0'), ': 0\n', ': -1\n'),
  row('a target is there', good, '      target: 0.999\n', ''),
  row('a target is there once', good, 'target: 0.999', 'target: 0.999\n      targetPercent: 99.9'),
  row('timeslices have a target', timeslices, '      timeSliceTarget: 1.0\n', ''),
  row('the target of a slice is above 0', timeslices, '1.0', '0'),
  row('the target of a slice is 1 at most', timeslices, '1.0', '1.1'),
  row('timeslices have a length', timeslices, '\n      timeSliceWindow: 1m', ''),
  row('ratio timeslices have a length', ratioSlices, '\n      timeSliceWindow: 1m', ''),
  row(
    'the length of a slice has a unit',
    ratioSlices,
    'timeSliceWindow: 1m',
    'timeSliceWindow: 1',
    '`timeSliceWindow: 5`, a number without a unit',
  ),
  row('the length of a slice is a duration', ratioSlices, 'timeSliceWindow: 1m', 'timeSliceWindow: 1x'),
  row('a composite has no indicator of its own', composite, '  timeWindow:', `${indicator}  timeWindow:`),
  row(
    'a member has one indicator',
    composite,
    '      indicatorRef: errors',
    '      indicatorRef: errors\n      indicator: {}',
  ),
  row('a weight is above 0', composite, 'compositeWeight: 2', 'compositeWeight: 0'),
  row(
    'a policy of an SLO refers or stands in place',
    `${good}  alertPolicies: [{ alertPolicyRef: page }]\n---\n${policy}`,
    '[{ alertPolicyRef: page }]',
    '[{}]',
  ),
  row(
    'a policy has one condition',
    policy,
    '[{ conditionRef: fast }]',
    '[{ conditionRef: fast }, { conditionRef: fast }]',
  ),
  row('a policy has a condition', policy, '  conditions: [{ conditionRef: fast }]\n', ''),
  row('a policy has a target', policy, '[{ targetRef: on-call }]', '[]'),
  row('a switch of a policy is true or false', policy, 'alertWhenBreaching: true', 'alertWhenBreaching: "yes"'),
  row('a condition has a severity', policy, '  severity: page\n', ''),
  row('a condition has a kind', policy, 'kind: burnrate, ', '', 'a condition without `kind`'),
  row('a condition is of a known kind', policy, 'kind: burnrate', 'kind: errors'),
  row('a condition has an operator', policy, 'op: gte, ', ''),
  row('an operator is known', policy, 'op: gte', 'op: eq'),
  row('a condition has a threshold', policy, 'threshold: 14.4, ', ''),
  row('a threshold is a number', policy, 'threshold: 14.4', 'threshold: high'),
  row('a condition has a window', policy, 'lookbackWindow: 1h, ', ''),
  row('a window to look back is a duration', policy, 'lookbackWindow: 1h', 'lookbackWindow: 1H'),
  row('a delay is a duration', policy, 'alertAfter: 5m', 'alertAfter: 5'),
  row('a target says who', policy, 'target: pagerduty, ', ''),
];

const other = `${bad}---\n${service.replace('name: store', 'name: elsewhere')}`;

/** Problems without those of what is right and not evaluated. */
function problems(text: string, strict: boolean): readonly string[] {
  const own = text.includes('name: errors }\nspec') ? '' : other;
  return shown(readWith({ ...options, strict }, text, own)).filter((line) => !line.includes('not evaluated'));
}

function errors(text: string, strict: boolean): readonly string[] {
  return problems(text, strict).filter((line) => !line.startsWith('warning'));
}

describe('by the rules of OpenSLO v1', () => {
  it.each(rows)('$rule', ({ right, part, by, lenient }) => {
    const wrong = swap(right, part, by);
    expect(errors(right, true), 'right').toEqual([]);
    expect(errors(wrong, true), 'wrong').not.toEqual([]);
    if (lenient === undefined) {
      expect(errors(wrong, false), 'wrong, not taken strictly').not.toEqual([]);
    } else {
      expect(errors(wrong, false), 'wrong, not taken strictly').toEqual([]);
      expect(problems(wrong, false).length).toBeGreaterThan(problems(right, false).length);
    }
  });

  it('or beside them where docs/slos.md says so', () => {
    const table = readFileSync('docs/slos.md', 'utf8').split(
      '| let pass with a warning | read as |\n| --- | --- |\n',
    )[1];
    const cells = (table?.split('\n\n')[0] ?? '').split('\n').map((line) => line.split(' | ')[0]?.slice(2));
    expect(cells.sort()).toEqual(rows.flatMap(({ lenient }) => lenient ?? []).sort());
  });

  it.each([
    ['every unit of duration', ['1m', '1h', '1d', '1w', '1M', '1Q', '1Y'].map((unit) => swap(good, '30d', unit))],
    ['slices that Occurrences have no use for', [swap(good, '0.999', '0.999\n      timeSliceTarget: 0.5')]],
    [
      'an operator beside an indicator elsewhere',
      [swap(swap(good, indicator, '  indicatorRef: errors\n'), '0.999', '0.999\n      op: lte')],
    ],
    ['a composite', [composite]],
    [
      'an operator beside an indicator of a composite',
      [swap(composite, 'target: 0.99\n', 'target: 0.99\n      op: gte\n')],
    ],
    ['texts that are empty', [swap(good, '  service:', '  description: ""\n  service:'), swap(good, 'Answered', '""')]],
    ['a calendar', [calendarSlo]],
    ['several objectives', [swap(good, objective, `${objective}    - target: 0.9\n`)]],
  ])('lets pass %s', (_, texts) => {
    for (const text of texts) expect(errors(text, true)).toEqual([]);
  });
});

describe('what people write beside the rules', () => {
  const lenient = (text: string) => readWith(options, text, other);

  it('is a rolling window of 28 days where none is named', () => {
    const { slos, problems } = lenient(good.replace(/ {2}timeWindow:.*?(?= {2}budgeting)/s, ''));
    expect(slos[0]).toMatchObject({ windowMs: 28 * 86_400_000, window: { kind: 'ROLLING' } });
    expect(problems[0]?.message).toMatch(/a rolling window of 28d is taken/);
  });

  it('is the number in quotes, and the length of a slice in minutes', () => {
    expect(lenient(swap(good, '0.999', '"99.9e-2"')).slos[0]?.objectives[0]?.target).toBe('0.999');
    const definitions = lenient(swap(ratioSlices, 'timeSliceWindow: 1m', 'timeSliceWindow: 5'));
    expect(shown(definitions).join('\n')).toContain('5 without a unit is taken as minutes; write "5m"');
  });

  it('is a definition of OSKO, with its kind, its version and its way to name a data source', () => {
    const osko = `apiVersion: openslo.com/v1
kind: SLO
metadata:
  name: osko-slo
  namespace: monitoring
  annotations: { osko.dev/datasourceRef: mimir }
spec:
  service: store
  budgetingMethod: Occurrences
  indicator:
    metadata: { name: requests }
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Mimir, spec: { query: 'http_requests_total{code="200"}' } } }
        total: { metricSource: { type: mimir, spec: { query: http_requests_total } } }
  objectives: [{ displayName: ok, target: "0.999" }]
  timeWindow: [{ duration: 28d, isRolling: true }]
status: { ready: "True" }
---
apiVersion: openslo.com/v1
kind: Datasource
metadata: { name: mimir, namespace: monitoring }
spec: { type: mimir, connectionDetails: { cluster: edge-busan } }
`;
    const definitions = readWith({ ...options, clusters: ['edge-seoul', 'edge-busan'] }, osko, service);
    expect(shown(definitions).filter((line) => !line.startsWith('warning'))).toEqual([]);
    expect(definitions.slos).toMatchObject([{ name: 'osko-slo', cluster: 'edge-busan' }]);
    expect(errors(osko, true)).not.toEqual([]);
  });

  it('is the query by either name, and the type of its source in any case', () => {
    for (const type of ['Prometheus', 'prometheus', 'PROMETHEUS', 'Mimir', 'thanos']) {
      const text = swap(good, 'type: Prometheus', `type: ${type}`);
      expect(shown(readWith(options, swap(text, 'query:', 'promql:')))).toEqual([]);
    }
  });
});
