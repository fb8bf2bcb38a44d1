import { describe, expect, it } from 'vitest';
import { good, read, shown, swap, threshold } from './support.js';

interface Row {
  readonly because: string;
  readonly text: string;
  /** `line:column path: message`, the message by its beginning. */
  readonly problem: string;
}

const goodQuery = 'query: sum(http_requests_total{code!~"5.."})';
const inline = `  indicator:
    metadata:
      name: detector-availability
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec:
              ${goodQuery}
        total:
          metricSource:
            type: Prometheus
            spec:
              query: sum(http_requests_total)
`;
/** The same for one objective. */
const own = inline.replaceAll(/^/gm, '    ').trimEnd();
/** The SLO as a composite of one, to be gone on with at its last line. */
const composite = swap(swap(good, inline, ''), 'target: 0.999', `target: 0.999\n${own}`).trimEnd();

const rows: readonly Row[] = [
  {
    because: 'the text is no YAML',
    text: swap(good, 'kind: SLO', 'kind: "SLO'),
    problem: '2:11 not YAML: Missing closing "quote',
  },
  {
    because: 'a key is given twice',
    text: swap(good, '  service: detector', '  service: detector\n  service: other'),
    problem: '9:3 not YAML: Map keys must be unique',
  },
  {
    because: 'the document is no mapping',
    text: 'just words\n',
    problem: '1:1 expected an OpenSLO definition (apiVersion: openslo/v1, kind, metadata, spec), got "just words"',
  },
  {
    because: 'it has no version',
    text: swap(good, 'apiVersion: openslo/v1\n', ''),
    problem: '1:1 "apiVersion" is missing; expected an OpenSLO definition',
  },
  {
    because: 'the version is the older one',
    text: swap(good, 'openslo/v1', 'openslo/v1alpha'),
    problem: '1:13 apiVersion: "openslo/v1alpha" is the older v1alpha of OpenSLO; write apiVersion: openslo/v1, put ',
  },
  {
    because: 'the version is the draft',
    text: swap(good, 'openslo/v1', 'openslo.com/v2alpha'),
    problem:
      '1:13 apiVersion: "openslo.com/v2alpha" is the draft v2alpha of OpenSLO; write apiVersion: openslo/v1, and ',
  },
  {
    because: 'the version is nearly right',
    text: swap(good, 'openslo/v1', 'OpenSLO/V1'),
    problem: '1:13 apiVersion: expected openslo/v1, got "OpenSLO/V1"; write apiVersion: openslo/v1',
  },
  {
    because: 'it is something else altogether',
    text: 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: x }\n',
    problem: '1:13 apiVersion: expected openslo/v1, got "apps/v1"; only OpenSLO definitions are read',
  },
  {
    because: 'it is a file of Sloth',
    text: 'version: prometheus/v1\nservice: x\nslos: []\n',
    problem: '1:1 version: this is a file of Sloth; write each of its slos as an OpenSLO SLO',
  },
  {
    because: 'the kind is mistyped',
    text: swap(good, 'kind: SLO', 'kind: Slo'),
    problem:
      '2:7 kind: expected one of the kinds SLO, SLI, Service, DataSource, AlertPolicy, AlertCondition, AlertNotificationTarget, got "Slo"; did you mean "SLO"?',
  },
  {
    because: 'the kind is unknown',
    text: swap(good, 'kind: SLO', 'kind: Dashboard'),
    problem: '2:7 kind: expected one of the kinds SLO, SLI, Service,',
  },
  {
    because: 'the name is no name',
    text: swap(good, 'name: detector-availability', 'name: Detector Availability'),
    problem:
      '4:9 metadata.name: expected a name of lower-case letters, digits and dashes, up to 63 characters, with a letter or digit at both ends, got "Detector Availability"; "detector-availability" would do',
  },
  {
    because: 'a field is mistyped',
    text: swap(good, '  budgetingMethod:', '  budgetingMethd:'),
    problem: '28:3 spec.budgetingMethd: unknown field "budgetingMethd"; did you mean "budgetingMethod"?',
  },
  {
    because: 'the service is missing',
    text: swap(good, '  service: detector\n', ''),
    problem: '8:3 spec: "service" is missing; expected the name of a Service',
  },
  {
    because: 'the service has no value',
    text: swap(good, '  service: detector', '  service:'),
    problem: '8:3 spec.service: "service" has no value; expected the name of a Service',
  },
  {
    because: 'the target is 1',
    text: swap(good, 'target: 0.999', 'target: 1.0'),
    problem:
      '31:15 spec.objectives[0].target: expected a share from 0 to below 1, like 0.999, got number 1.0; all events good leaves no error budget',
  },
  {
    because: 'the target is a percentage',
    text: swap(good, 'target: 0.999', 'target: 99.9'),
    problem:
      '31:15 spec.objectives[0].target: expected a share from 0 to below 1, like 0.999, got number 99.9; did you mean target: 0.999, or targetPercent: 99.9?',
  },
  {
    because: 'the target is 100 percent',
    text: swap(good, 'target: 0.999', 'targetPercent: 100'),
    problem:
      '31:22 spec.objectives[0].targetPercent: expected a percentage from 0 to below 100, like 99.9, got number 100; all events good',
  },
  {
    because: 'the target is below 0',
    text: swap(good, 'target: 0.999', 'target: -0.1'),
    problem: '31:15 spec.objectives[0].target: expected a share from 0 to below 1, like 0.999, got number -0.1',
  },
  {
    because: 'both forms of the target are given',
    text: swap(good, 'target: 0.999', 'target: 0.999\n      targetPercent: 99.9'),
    problem:
      '32:7 spec.objectives[0].targetPercent: expected one of "target" or "targetPercent", got both; remove one of them',
  },
  {
    because: 'there are no objectives',
    text: swap(good, '\n    - displayName: Answered\n      target: 0.999', ' []'),
    problem: '29:15 spec.objectives: expected at least one objective, got an empty list',
  },
  {
    because: 'the budgeting method is mistyped',
    text: swap(good, 'Occurrences', 'occurences'),
    problem:
      '28:20 spec.budgetingMethod: expected one of Occurrences, Timeslices, RatioTimeslices, got "occurences"; did you mean "Occurrences"?',
  },
  {
    because: 'the window has no unit that OpenSLO knows',
    text: swap(good, 'duration: 30d', 'duration: 30 days'),
    problem:
      '26:17 spec.timeWindow[0].duration: expected a whole number with one of m h d w M Q Y (m minutes, M months of 30 days), like 30d, got "30 days"; write 30d',
  },
  {
    because: 'the window lasts seconds',
    text: swap(good, 'duration: 30d', 'duration: 90s'),
    problem:
      '26:17 spec.timeWindow[0].duration: expected a whole number with one of m h d w M Q Y (m minutes, M months of 30 days), like 30d, got "90s"; OpenSLO has no seconds',
  },
  {
    because: 'the window is empty',
    text: swap(good, 'duration: 30d', 'duration: 0d'),
    problem: '26:17 spec.timeWindow[0].duration: expected a duration longer than 0, got "0d"',
  },
  {
    because: 'there are two windows',
    text: swap(good, '      isRolling: true\n', '      isRolling: true\n    - { duration: 7d, isRolling: true }\n'),
    problem: '26:5 spec.timeWindow: expected exactly one time window, got 2; write an SLO for each window',
  },
  {
    because: 'a window that is not rolling needs a calendar',
    text: swap(good, 'isRolling: true', 'isRolling: false'),
    problem: '27:18 spec.timeWindow[0].isRolling: expected isRolling: true, or a calendar like',
  },
  {
    because: 'a member of a composite is an SLO, and be it the composite itself',
    text: `${composite}\n    - { target: 0.9, indicatorRef: detector-availability }\n`,
    problem:
      '32:36 spec.objectives[1].indicatorRef: "detector-availability" is an SLO, and indicatorRef names an SLI: a composite is made of SLIs',
  },
  {
    because: 'a member of a composite is nothing that is defined',
    text: `${composite}\n    - { target: 0.9, indicatorRef: other }\n`,
    problem: '32:36 spec.objectives[1].indicatorRef: there is no SLI "other"; define it in one of the definition files',
  },
  {
    because: 'a member of a composite weighs nothing',
    text: `${composite}\n      compositeWeight: -0.5\n`,
    problem: '32:24 spec.objectives[0].compositeWeight: expected a weight above 0, got number -0.5',
  },
  {
    because: 'a member of a composite has a window of its own',
    text: `${composite}\n      timeWindow: [{ duration: 7d, isRolling: true }]\n`,
    problem: '32:7 spec.objectives[0].timeWindow: unknown field "timeWindow"',
  },
  {
    because: 'members of a composite have slices of different lengths',
    text: swap(
      `${composite}\n      timeSliceWindow: 5m\n    - target: 0.9\n      timeSliceWindow: 10m\n${own}\n`,
      'Occurrences',
      'RatioTimeslices',
    ),
    problem:
      '33:7 spec.objectives[1]: slices of 10m beside slices of 5m in the first objective; give all members of a composite the same timeSliceWindow',
  },
  {
    because: 'a member of a composite has no indicator',
    text: `${composite}\n    - target: 0.9\n`,
    problem: '32:7 spec.objectives[1]: one of "indicator" or "indicatorRef" is missing; expected the SLI',
  },
  {
    because: 'an objective has an indicator beside that of the SLO',
    text: swap(good, 'target: 0.999', 'target: 0.999\n      indicatorRef: other'),
    problem: '32:7 spec.objectives[0].indicatorRef: an SLI stands either under spec, for all objectives, or with each',
  },
  {
    because: 'a calendar begins on no day',
    text: swap(
      good,
      'isRolling: true',
      'isRolling: false\n      calendar: { startTime: "2026-02-30 00:00:00", timeZone: Asia/Seoul }',
    ),
    problem:
      '28:30 spec.timeWindow[0].calendar.startTime: expected a time like "2026-01-01 00:00:00", by the clock of the time zone, got "2026-02-30 00:00:00"',
  },
  {
    because: 'a time zone is none',
    text: swap(
      good,
      'isRolling: true',
      'isRolling: false\n      calendar: { startTime: "2026-01-01 00:00:00", timeZone: Asia/Soul }',
    ),
    problem:
      '28:63 spec.timeWindow[0].calendar.timeZone: expected a time zone by its IANA name, like Europe/Berlin or UTC, got "Asia/Soul"',
  },
  {
    because: 'a calendar window lasts hours',
    text: swap(
      swap(good, 'duration: 30d', 'duration: 12h'),
      'isRolling: true',
      'isRolling: false\n      calendar: { startTime: "2026-01-01 00:00:00", timeZone: Asia/Seoul }',
    ),
    problem: '26:17 spec.timeWindow[0].duration: expected a calendar window of days, weeks, months, quarters or years',
  },
  {
    because: 'a window is shorter than its slices',
    text: swap(
      swap(swap(good, 'Occurrences', 'RatioTimeslices'), 'duration: 30d', 'duration: 1h'),
      'target: 0.999',
      'target: 0.999\n      timeSliceWindow: 2h',
    ),
    problem: '32:24 spec.objectives[0].timeSliceWindow: a slice is longer than the window of the SLO',
  },
  {
    because: 'a policy for missing data is unknown',
    text: swap(good, 'slograph.dev/microservice: crosswalk/detector', 'slograph.dev/no-data: frobnicate'),
    problem:
      '6:27 metadata.annotations["slograph.dev/no-data"]: "frobnicate" is not known as no-data; known are: IGNORE, GOOD, BAD, FREEZE',
  },
  {
    because: 'a confidence is a percentage',
    text: swap(good, 'slograph.dev/microservice: crosswalk/detector', 'slograph.dev/min-confidence: "95"'),
    problem:
      '6:34 metadata.annotations["slograph.dev/min-confidence"]: expected a confidence above 0 and below 1, like "0.95", got "95"; did you mean "0.95"?',
  },
  {
    because: 'hours are no hours',
    text: swap(
      good,
      'slograph.dev/microservice: crosswalk/detector',
      'slograph.dev/conditions: hours=Mon-Fri 8-18 Europe/Berlin',
    ),
    problem:
      '6:30 metadata.annotations["slograph.dev/conditions"]: hours=Mon-Fri 8-18 Europe/Berlin: expected times from 00:00 to 24:00 after the days, like hours=Mon-Fri 08:00-18:00 Europe/Berlin',
  },
  {
    because: 'the PromQL of a condition does not parse',
    text: swap(
      good,
      'slograph.dev/microservice: crosswalk/detector',
      "slograph.dev/conditions: 'min-events=2; when=rat(x[5m])'",
    ),
    problem: '6:50 metadata.annotations["slograph.dev/conditions"]: PromQL does not parse: ',
  },
  {
    because: 'a condition is mistyped',
    text: swap(good, 'slograph.dev/microservice: crosswalk/detector', 'slograph.dev/conditions: hour=Mon'),
    problem: '6:30 metadata.annotations["slograph.dev/conditions"]: "hour=Mon" is no condition; did you mean "hours="?',
  },
  {
    because: 'a condition has a window that nobody fills in',
    text: swap(
      good,
      'slograph.dev/microservice: crosswalk/detector',
      'slograph.dev/conditions: when=rate(x[$window]) > 0',
    ),
    problem: '6:42 metadata.annotations["slograph.dev/conditions"]: PromQL does not parse: ',
  },
  {
    because: 'a condition gives a range',
    text: swap(good, 'slograph.dev/microservice: crosswalk/detector', 'slograph.dev/conditions: when=up[5m]'),
    problem:
      '6:35 metadata.annotations["slograph.dev/conditions"]: PromQL does not parse: a query must give an instant vector or a number, this gives a range like x[5m]',
  },
  {
    because: 'there is no indicator',
    text: swap(good, inline, ''),
    problem: '8:3 spec: one of "indicator" or "indicatorRef" is missing; expected the SLI, in place or by its name',
  },
  {
    because: 'the indicator referred to is not there',
    text: swap(good, inline, '  indicatorRef: nowhere\n'),
    problem: '9:17 spec.indicatorRef: there is no SLI "nowhere"; define it in one of the definition files',
  },
  {
    because: 'good and bad are given',
    text: swap(good, '        total:\n', '        bad: { metricSource: { spec: { query: x } } }\n        total:\n'),
    problem: '20:9 spec.indicator.spec.ratioMetric.bad: expected one of "good" or "bad", got both; remove one of them',
  },
  {
    because: 'a ratio has no total',
    text: swap(
      good,
      '        total:\n          metricSource:\n            type: Prometheus\n            spec:\n              query: sum(http_requests_total)\n',
      '',
    ),
    problem:
      '14:9 spec.indicator.spec.ratioMetric: one of "total" or "raw" is missing; expected total events beside good or bad ones, or a raw ratio',
  },
  {
    because: 'a raw ratio does not say its type',
    text: swap(
      swap(good, inline, ''),
      '  timeWindow',
      '  indicator:\n    metadata: { name: x }\n    spec:\n      ratioMetric:\n        raw: { metricSource: { spec: { query: x } } }\n  timeWindow',
    ),
    problem: '13:9 spec.indicator.spec.ratioMetric: "rawType" is missing; expected success or failure',
  },
  {
    because: 'the data source is of another kind',
    text: swap(good, 'type: Prometheus', 'type: Datadog'),
    problem:
      '17:19 spec.indicator.spec.ratioMetric.good.metricSource.type: "Datadog" is no data source that is read; types: Prometheus, Mimir, Thanos, VictoriaMetrics, Cortex, slograph',
  },
  {
    because: 'the cluster referred to is not configured',
    text: swap(good, 'type: Prometheus', 'metricSourceRef: edge-seol'),
    problem:
      '17:30 spec.indicator.spec.ratioMetric.good.metricSource.metricSourceRef: there is no DataSource and no cluster "edge-seol"; did you mean "edge-seoul"?',
  },
  {
    because: 'the query is missing',
    text: swap(good, goodQuery, 'qurey: x'),
    problem:
      '19:15 spec.indicator.spec.ratioMetric.good.metricSource.spec.qurey: unknown field "qurey"; did you mean "query"?',
  },
  {
    because: 'PromQL on one line does not parse',
    text: swap(good, goodQuery, 'query: sum(http_requests_total{code!~"5.."}'),
    problem: '19:25 spec.indicator.spec.ratioMetric.good.metricSource.spec.query: PromQL does not parse: ',
  },
  {
    because: 'PromQL in a block does not parse',
    text: swap(
      good,
      goodQuery,
      'query: |\n                # of all\n                sum(\n                  rat(http_requests_total[5m])\n                )',
    ),
    problem: '22:19 spec.indicator.spec.ratioMetric.good.metricSource.spec.query: PromQL does not parse: ',
  },
  {
    because: 'PromQL in a folded block does not parse',
    text: swap(
      good,
      goodQuery,
      'query: >-\n                sum(\n                rat(http_requests_total[5m])\n                )',
    ),
    problem: '21:17 spec.indicator.spec.ratioMetric.good.metricSource.spec.query: PromQL does not parse: ',
  },
  {
    because: 'PromQL in double quotes does not parse',
    text: swap(good, goodQuery, 'query: "sum(x{a=\\"b\\"}) + rat(y[5m])"'),
    problem: '19:41 spec.indicator.spec.ratioMetric.good.metricSource.spec.query: PromQL does not parse: ',
  },
  {
    because: 'a threshold has no operator',
    text: swap(threshold, '    - op: lte\n      value: 30\n', '    - value: 30\n'),
    problem:
      '19:7 spec.objectives[0]: "op" is missing; expected lte, lt, gte or gt: how the value is held against its bound',
  },
  {
    because: 'a threshold has no value',
    text: swap(threshold, '      value: 30\n', ''),
    problem: '19:7 spec.objectives[0]: "value" is missing; expected the bound of the value, a number',
  },
  {
    because: 'the operator is unknown',
    text: swap(threshold, 'op: lte', 'op: "<="'),
    problem: '19:11 spec.objectives[0].op: expected one of lte, lt, gte, gt, got "<="',
  },
  {
    because: 'the bounds leave nothing between them',
    text: swap(threshold, 'slograph.dev/unit: seconds', 'slograph.dev/lower: "31"'),
    problem: '6:25 metadata.annotations["slograph.dev/lower"]: the lower bound 31 is not below the upper bound 30',
  },
  {
    because: 'the same bound is given twice',
    text: swap(threshold, 'slograph.dev/unit: seconds', 'slograph.dev/upper: "31"'),
    problem: '6:25 metadata.annotations["slograph.dev/upper"]: op: lte is the upper bound already',
  },
  {
    because: 'an annotation of ours is mistyped',
    text: swap(good, 'slograph.dev/microservice', 'slograph.dev/microservce'),
    problem:
      '6:5 metadata.annotations["slograph.dev/microservce"]: unknown annotation "slograph.dev/microservce"; did you mean "microservice"?',
  },
  {
    because: 'an annotation is no text',
    text: swap(good, 'slograph.dev/microservice: crosswalk/detector', 'slograph.dev/min-events: [20]'),
    problem: '6:30 metadata.annotations["slograph.dev/min-events"]: expected a text, got a list',
  },
  {
    because: 'the minimum of events is no whole number',
    text: swap(good, 'slograph.dev/microservice: crosswalk/detector', 'slograph.dev/min-events: "2.5"'),
    problem:
      '6:30 metadata.annotations["slograph.dev/min-events"]: expected a whole number of events, 0 or more, got "2.5"',
  },
  {
    because: 'a microservice has no namespace',
    text: swap(good, 'crosswalk/detector', 'detector'),
    problem:
      '6:32 metadata.annotations["slograph.dev/microservice"]: expected a namespace and a name, like "crosswalk/detector", got "detector"',
  },
  {
    because: 'the pairs of windows cannot be read',
    text: swap(good, 'slograph.dev/microservice: crosswalk/detector', 'slograph.dev/burn-rate-windows: 2%/1h'),
    problem: '6:37 metadata.annotations["slograph.dev/burn-rate-windows"]: "2%/1h" is not a pair of burn-rate windows',
  },
  {
    because: 'the alert policy referred to is not there',
    text: `${good}  alertPolicies:\n    - alertPolicyRef: page\n`,
    problem:
      '33:23 spec.alertPolicies[0].alertPolicyRef: there is no AlertPolicy "page"; define it in one of the definition files',
  },
];

describe('a definition with an error', () => {
  it.each(rows)('is told with its place when $because', ({ text, problem }) => {
    const definitions = read(text);
    expect(definitions.slos).toEqual([]);
    const found = shown(definitions).map((line) => line.replace(/^a\.yaml:/, ''));
    expect(
      found.some((line) => line.startsWith(problem)),
      found.join('\n'),
    ).toBe(true);
  });

  it('never stops the others, in the same file or in another', () => {
    const second = swap(good, 'name: detector-availability', 'name: second');
    const third = swap(good, 'name: detector-availability', 'name: third');
    for (const { because, text } of rows) {
      const { slos } = read(`${text}---\n${second}`, third);
      expect(
        slos.map(({ name }) => name),
        because,
      ).toEqual(['second', 'third']);
    }
  });

  it('is told with all its problems at once', () => {
    const text = swap(swap(swap(good, '0.999', '1'), '30d', '30'), goodQuery, 'query: sum(');
    expect(shown(read(text)).filter((line) => !line.startsWith('warning'))).toHaveLength(3);
  });

  it('is told with both places when two have one name', () => {
    const definitions = read(good, good);
    expect(definitions.slos.map(({ source }) => source.file)).toEqual(['a.yaml']);
    expect(shown(definitions)).toEqual([
      'b.yaml:1:1 the SLO "detector-availability" is defined twice: at a.yaml:1 and again at b.yaml:1; the one at a.yaml:1 counts: rename or remove one of them',
    ]);
  });

  it('survives what is made to break readers: loops, bombs, depth, size, and odd types', () => {
    const bomb = `a: &a [x, x]\n${'bcdefghij'
      .split('')
      .map((name, index) => `${name}: &${name} [*${'abcdefghi'[index]}, *${'abcdefghi'[index]}]`)
      .join('\n')}\napiVersion: openslo/v1\nkind: SLO\nmetadata: { name: x, labels: { a: *j } }\nspec: *j\n`;
    const texts = [
      bomb,
      '&a [*a, *a]\n',
      `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
      swap(good, 'name: detector-availability', 'name: [a, { b: c }]'),
      swap(good, 'spec:', '? [a, b]\n: c\nspec:'),
      swap(good, '0.999', '.nan'),
      swap(good, '0.999', '0x1'),
      swap(good, '0.999', '1e-400000'),
      '\u0000',
      '%YAML 9.9\n---\n!!binary x\n',
      `x: ${'y'.repeat(5 << 20)}`,
    ];
    for (const text of texts) {
      const definitions = read(text);
      expect(definitions.slos).toEqual([]);
      expect(definitions.problems.filter(({ severity }) => severity === 'ERROR').length).toBeGreaterThan(0);
    }
  });
});
