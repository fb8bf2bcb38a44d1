import { describe, expect, it } from 'vitest';
import { good, options, read, readWith, service, shown, swap, threshold } from './support.js';

const annotated = (lines: string) => swap(good, '    slograph.dev/microservice: crosswalk/detector\n', lines);
const inlineIndicator = / {2}indicator:\n(?: {4}.*\n)+/;
const sli = `apiVersion: openslo/v1
kind: SLI
metadata:
  name: answered
  annotations: { slograph.dev/category: availability, slograph.dev/conditions: "at least 20 requests" }
spec:
  ratioMetric:
    counter: true
    bad: { metricSource: { spec: { query: 'sum(x_total{code=~"5.."})' } } }
    total: { metricSource: { spec: { query: sum(x_total) } } }
`;
const referring = good.replace(inlineIndicator, '  indicatorRef: answered\n');

function template(spec: string, under = 'ratioMetric: { rawType: success, raw:', end = '}'): string {
  return good.replace(
    inlineIndicator,
    `  indicator:\n    metadata: { name: x }\n    spec:\n      ${under} { metricSource: { type: slograph, spec: ${spec} } } ${end}\n`,
  );
}

describe('a right definition', () => {
  it('is read whole, without a problem', () => {
    const { slos, problems } = read(good);
    expect(problems).toEqual([]);
    const [slo] = slos;
    expect(slo).toMatchObject({
      name: 'detector-availability',
      displayName: null,
      description: null,
      service: 'detector',
      labels: {},
      cluster: 'edge-seoul',
      microservice: { namespace: 'crosswalk', name: 'detector' },
      application: null,
      systemKind: 'OTHER',
      objectives: [{ name: 'answered', displayName: 'Answered', target: '0.999', lower: null, upper: null }],
      windowMs: 30 * 86_400_000,
      budgetingMethod: 'OCCURRENCES',
      minEvents: 0,
      sli: { name: 'detector-availability', category: 'CUSTOM', unit: null, conditions: [] },
      source: { file: 'a.yaml', line: 1, format: 'OPENSLO_V1', warnings: [] },
    });
    const path = 'spec.indicator.spec.ratioMetric';
    expect(slo?.sli?.measure).toEqual({
      kind: 'RATIO',
      counter: true,
      good: {
        text: 'sum(http_requests_total{code!~"5.."})',
        path: `${path}.good.metricSource.spec.query`,
        line: 19,
        column: 22,
      },
      total: { text: 'sum(http_requests_total)', path: `${path}.total.metricSource.spec.query`, line: 24, column: 22 },
    });
    expect(slo?.burnRateRules.map(({ factor, severity }) => [severity, factor])).toEqual([
      ['PAGE', 14.4],
      ['PAGE', 6],
      ['TICKET', 1],
    ]);
    expect(slo?.source.text.trim()).toBe(good.trim());
  });

  it.each([
    ['a stream of documents', `${good}---\n${service.replace('detector', 'x')}---\n---\n# nothing\n`],
    ['a list', `- ${good.trim().replaceAll('\n', '\n  ')}\n`],
    ['line ends of Windows', good.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${good}`],
  ])('may be %s', (_, text) => {
    const { slos, problems } = read(text);
    expect(problems).toEqual([]);
    expect(slos.map(({ name, source }) => `${name} ${source.revision}`)).toEqual([
      `detector-availability ${read(good).slos[0]?.source.revision}`,
    ]);
  });

  it('may be JSON, an object or a list, indented by tabs', () => {
    const document = {
      apiVersion: 'openslo/v1',
      kind: 'SLO',
      metadata: { name: 'j', labels: { team: 'vision', tier: ['1', 'gold'] } },
      spec: {
        service: 'detector',
        description: 'from JSON',
        indicator: {
          metadata: { name: 'j' },
          spec: { thresholdMetric: { metricSource: { type: 'MIMIR', spec: { promql: 'max(x{a="b"})' } } } },
        },
        timeWindow: [{ duration: '1w', isRolling: true }],
        budgetingMethod: 'Occurrences',
        objectives: [{ op: 'gt', value: 1e-3, target: 0 }],
      },
    };
    const { slos, problems } = read(
      JSON.stringify(document, null, '\t'),
      JSON.stringify([document]).replace('"j"', '"k"'),
    );
    expect(problems.filter(({ severity }) => severity === 'ERROR')).toEqual([]);
    expect(slos.map(({ name }) => name)).toEqual(['j', 'k']);
    expect(slos[0]).toMatchObject({
      description: 'from JSON',
      labels: { team: ['vision'], tier: ['1', 'gold'] },
      windowMs: 7 * 86_400_000,
      objectives: [{ target: '0', lower: { value: 0.001, inclusive: false }, upper: null }],
    });
    expect(slos[0]?.sli?.measure).toMatchObject({ kind: 'THRESHOLD', metric: { text: 'max(x{a="b"})' } });
  });

  it.each([
    ['target: 0.999', '0.999'],
    ['target: 0.9990', '0.999'],
    ['target: .5', '0.5'],
    ['target: 9.99e-1', '0.999'],
    ['target: 0', '0'],
    ['targetPercent: 99.9', '0.999'],
    ['targetPercent: 99', '0.99'],
    ['targetPercent: 99.999', '0.99999'],
    ['targetPercent: 5', '0.05'],
    ['targetPercent: 0.7', '0.007'],
    ['targetPercent: 29', '0.29'],
  ])('keeps %s as the decimal %s', (written, target) => {
    const { slos } = read(swap(good, 'target: 0.999', written));
    expect(slos[0]?.objectives[0]?.target).toBe(target);
  });

  it.each([
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['28d', 28 * 86_400_000],
    ['4w', 28 * 86_400_000],
    ['1M', 30 * 86_400_000],
    ['1Q', 90 * 86_400_000],
    ['1Y', 365 * 86_400_000],
  ])('reads a window of %s', (duration, windowMs) => {
    expect(read(swap(good, '30d', duration)).slos[0]?.windowMs).toBe(windowMs);
  });

  it.each([
    ['lte', { upper: { value: 30, inclusive: true }, lower: null }],
    ['lt', { upper: { value: 30, inclusive: false }, lower: null }],
    ['gte', { upper: null, lower: { value: 30, inclusive: true } }],
    ['gt', { upper: null, lower: { value: 30, inclusive: false } }],
  ])('reads %s as a bound', (op, bounds) => {
    const { slos, problems } = read(swap(threshold, 'op: lte', `op: ${op}`));
    expect(problems.filter(({ severity }) => severity === 'ERROR')).toEqual([]);
    expect(slos[0]?.objectives[0]).toMatchObject(bounds);
    expect(slos[0]?.sli?.unit).toBe('SECONDS');
  });

  it('takes the second bound from an annotation', () => {
    const lower = swap(threshold, '    slograph.dev/unit: seconds', '    slograph.dev/lower: "-2.5"');
    expect(read(lower).slos[0]?.objectives[0]).toMatchObject({
      lower: { value: -2.5, inclusive: true },
      upper: { value: 30, inclusive: true },
    });
  });

  it('reads what OpenSLO cannot say from annotations', () => {
    const { slos, problems } = read(
      annotated(`    slograph.dev/min-events: "20"
    slograph.dev/conditions: |
      at least 20 requests

      while the camera is on
    slograph.dev/burn-rate-windows: 2%/1h/5m,10%/12h/1h/ticket
    slograph.dev/unit: requests-per-second
    slograph.dev/category: END_TO_END_LATENCY
    slograph.dev/system-kind: ai
    slograph.dev/cluster: edge-seoul
    slograph.dev/application: crosswalk-safety
    slograph.dev/no-data: ignore
    someone.else/key: value
`),
    );
    expect(problems).toEqual([]);
    expect(slos[0]).toMatchObject({
      minEvents: 20,
      application: 'crosswalk-safety',
      systemKind: 'AI',
      microservice: null,
      sli: {
        category: 'END_TO_END_LATENCY',
        unit: 'REQUESTS_PER_SECOND',
        conditions: ['at least 20 requests', 'while the camera is on'],
      },
    });
    expect(slos[0]?.burnRateRules.map(({ severity, factor }) => [severity, factor])).toEqual([
      ['PAGE', 14.4],
      ['TICKET', 6],
    ]);
  });

  it('names objectives by their display names, and by their place where those repeat or are missing', () => {
    const more = '    - { target: 0.9 }\n    - { displayName: answered!, target: 0.8 }\n';
    const { slos } = read(`${good}${more}`);
    expect(slos[0]?.objectives.map(({ name }) => name)).toEqual(['answered', 'objective-2', 'objective-3']);
  });

  it('leaves out burn-rate pairs that cannot work, with a warning at the objectives', () => {
    const definitions = read(swap(good, 'target: 0.999', 'target: 0.9'));
    expect(definitions.slos[0]?.burnRateRules.map(({ factor }) => factor)).toEqual([6, 1]);
    expect(shown(definitions)).toEqual([
      expect.stringMatching(/^warning a\.yaml:30:5 spec\.objectives: burn-rate windows 2%\/1h\/5m are left out: /),
    ]);
    expect(definitions.slos[0]?.source.warnings).toEqual(definitions.problems);
  });
});

describe('references', () => {
  it('join documents of all files, wherever they stand', () => {
    const { slos, problems } = read(referring, sli);
    expect(problems).toEqual([]);
    expect(slos[0]?.sli).toMatchObject({
      name: 'answered',
      category: 'AVAILABILITY',
      conditions: ['at least 20 requests'],
      measure: { kind: 'RATIO', bad: { text: 'sum(x_total{code=~"5.."})', line: 9 } },
    });
  });

  it('report an error of a shared SLI once, at its place, and at each reference', () => {
    const second = swap(referring, 'name: detector-availability', 'name: second');
    const definitions = read(`${referring}---\n${second}`, swap(sli, 'ratioMetric', 'ratioMetrik'));
    expect(definitions.slos).toEqual([]);
    expect(shown(definitions)).toEqual([
      expect.stringMatching(
        /^a\.yaml:9:17 spec\.indicatorRef: the SLI "answered" at b\.yaml:1 has errors; mend it first/,
      ),
      expect.stringMatching(/^a\.yaml:\d+:17 spec\.indicatorRef: the SLI "answered" at b\.yaml:1 has errors/),
      expect.stringMatching(
        /^b\.yaml:7:3 spec\.ratioMetrik: unknown field "ratioMetrik"; did you mean "ratioMetric"\?/,
      ),
      expect.stringMatching(/^b\.yaml:7:3 spec: one of "ratioMetric" or "thresholdMetric" is missing/),
    ]);
  });

  it('report PromQL of a shared SLI in its own file', () => {
    const definitions = read(referring, swap(sli, 'sum(x_total) }', 'summ(x_total) }'));
    expect(shown(definitions)).toEqual([
      expect.stringMatching(/^b\.yaml:10:45 spec\.ratioMetric\.total\..*PromQL does not/),
    ]);
  });

  it('suggest the name that was meant', () => {
    expect(shown(read(swap(referring, 'answered', 'anwsered'), sli))[0]).toContain('did you mean "answered"?');
  });

  it('warn of a Service that is not there, and load the SLO', () => {
    const definitions = read(swap(good, 'service: detector', 'service: detectr'));
    expect(definitions.slos).toHaveLength(1);
    expect(shown(definitions)).toEqual([
      'warning a.yaml:8:12 spec.service: there is no Service "detectr"; did you mean "detector"?',
    ]);
  });
});

describe('the cluster', () => {
  const two = { ...options, clusters: ['edge-seoul', 'edge-busan'] };
  const source = (details: string) =>
    `apiVersion: openslo/v1\nkind: DataSource\nmetadata: { name: metrics }\nspec: { type: prometheus, connectionDetails: ${details} }\n`;
  const byReference = (name: string) => good.replaceAll('type: Prometheus', `metricSourceRef: ${name}`);

  it.each([
    ['a cluster by its name', byReference('edge-busan')],
    ['a DataSource that names it', `${byReference('metrics')}---\n${source('{ cluster: edge-busan }')}`],
    ['the annotation', annotated('    slograph.dev/cluster: edge-busan\n')],
  ])('is said by %s', (_, text) => {
    const { slos, problems } = readWith(two, text);
    expect(problems).toEqual([]);
    expect(slos[0]?.cluster).toBe('edge-busan');
  });

  it('must be said when there are several', () => {
    expect(shown(readWith(two, good))).toEqual([
      'a.yaml:1:1 which cluster measures this is not said; name one (edge-seoul, edge-busan) in metricSourceRef or in the annotation slograph.dev/cluster',
    ]);
  });

  it('must be the same for all parts', () => {
    const mixed = swap(
      swap(good, 'type: Prometheus', 'metricSourceRef: edge-seoul'),
      'type: Prometheus',
      'metricSourceRef: edge-busan',
    );
    expect(shown(readWith(two, mixed))[0]).toMatch(
      /^a\.yaml:22:30 .* in cluster "edge-busan" and another part in "edge-seoul"/,
    );
  });

  it('must be configured', () => {
    const definitions = readWith(two, `${byReference('metrics')}---\n${source('{ cluster: edge-busam }')}`);
    expect(shown(definitions).join('\n')).toContain('there is no cluster "edge-busam"; did you mean "edge-busan"?');
    expect(definitions.slos).toEqual([]);
  });

  it('is not an address in a DataSource: that is configured', () => {
    const definitions = readWith(options, `${byReference('metrics')}---\n${source('{ url: http://prometheus }')}`);
    expect(definitions.slos[0]?.cluster).toBe('edge-seoul');
    expect(shown(definitions)[0]).toMatch(
      /^warning a\.yaml:36:\d+ spec\.connectionDetails: addresses are taken from the configuration/,
    );
  });
});

describe('a template', () => {
  const spec = '{ template: microservice-availability, namespace: crosswalk, microservice: detector }';

  it('is read with its parameters, and gives its category', () => {
    const { slos, problems } = read(template(spec));
    expect(problems).toEqual([]);
    expect(slos[0]?.sli).toMatchObject({
      category: 'AVAILABILITY',
      measure: {
        kind: 'TEMPLATE',
        call: {
          template: 'microservice-availability',
          parameters: { namespace: 'crosswalk', microservice: 'detector' },
          path: 'spec.indicator.spec.ratioMetric.raw.metricSource.spec',
        },
      },
    });
  });

  it('takes whose view counts from the annotation', () => {
    const text = swap(
      template(spec),
      'slograph.dev/microservice: crosswalk/detector',
      'slograph.dev/perspective: client',
    );
    const { slos, problems } = read(text);
    expect(problems).toEqual([]);
    expect(slos[0]?.sli?.measure).toMatchObject({ call: { parameters: { perspective: 'client' } } });
    expect(shown(read(annotated('    slograph.dev/perspective: client\n')))[0]).toContain(
      'perspective belongs to a template',
    );
  });

  it('is told at the parameter that is wrong', () => {
    const wrong = swap(spec, 'namespace: crosswalk, ', 'namespace: crosswalk, threshhold: 250ms, ').replace(
      'availability',
      'latency',
    );
    const problems = shown(read(template(wrong)));
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^a\.yaml:12:\d+ .*\.spec\.threshhold: .*has no parameter "threshhold"; did you mean threshold\?/,
        ),
      ]),
    );
  });

  it('cannot be a part of a ratio, nor a failure', () => {
    const part = swap(
      good,
      'type: Prometheus\n            spec:\n              query: sum(http_requests_total)',
      `type: slograph\n            spec: ${spec}`,
    );
    expect(shown(read(part))[0]).toContain('put it under ratioMetric.raw with rawType: success');
    expect(shown(read(swap(template(spec), 'success', 'failure')))[0]).toContain(
      'expected success, which templates measure',
    );
  });
});

describe('alert policies', () => {
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
  condition: { kind: burnrate, op: gte, threshold: 14.4, lookbackWindow: 1h, alertAfter: 0m }
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: { name: on-call }
spec: { target: pagerduty }
`;
  const withPolicy = `${good}  alertPolicies: [{ alertPolicyRef: page }]\n`;

  const HOUR = 3_600_000;

  it('are watched for in place of the default pairs: one window stands for both of a pair', () => {
    const definitions = read(withPolicy, policy);
    expect(definitions.slos[0]?.burnRateRules).toEqual([
      { severity: 'PAGE', factor: 14.4, budgetShare: 0.02, longWindowMs: HOUR, shortWindowMs: HOUR, alertAfterMs: 0 },
    ]);
    expect(shown(definitions)).toEqual([
      'warning a.yaml:32:3 spec.alertPolicies: notification targets are not notified: receivers are configured in Alertmanager',
    ]);
  });

  it('are watched for together when there are several, in place or by name', () => {
    const inline = `    - kind: AlertPolicy
      metadata: { name: slow }
      spec:
        conditions:
          - kind: AlertCondition
            metadata: { name: slow }
            spec:
              severity: low
              condition: { kind: burnrate, op: gt, threshold: 2, lookbackWindow: 3d }
        notificationTargets: [{ targetRef: on-call }]
`;
    const { slos } = read(`${good}  alertPolicies:\n    - alertPolicyRef: page\n${inline}`, policy);
    expect(slos[0]?.burnRateRules).toMatchObject([
      { severity: 'PAGE', factor: 14.4, longWindowMs: HOUR },
      { severity: 'INFO', factor: 2, longWindowMs: 72 * HOUR, budgetShare: 0.2 },
    ]);
  });

  it.each([
    ['threshold: 14.4', 'threshold: 1001', 'their factor 1001 can never be passed: at a target of 0.999'],
    ['threshold: 14.4', 'threshold: 0.5', 'their factor 0.5 is below 1, which a budget spent just as planned'],
    ['lookbackWindow: 1h', 'lookbackWindow: 60d', "60d is longer than the SLO's window of 30d"],
    ['op: gte', 'op: lte', '"lte" would alert while the burn rate is low; it is read as gt'],
    ['severity: page', 'severity: purple', 'the severity "purple" is taken as ticket'],
    ['alertWhenBreaching: true', 'alertWhenBreaching: false', 'with alertWhenBreaching: false the policy never alerts'],
    ['alertWhenBreaching: true', 'alertWhenNoData: true', 'no alert is sent for missing data'],
  ])('with %s replaced by %j are taken with a warning', (part, by, warning) => {
    const definitions = read(withPolicy, swap(policy, part, by));
    expect(shown(definitions).join('\n')).toContain(warning);
    expect(definitions.slos).toHaveLength(1);
  });

  it('are not evaluated beside pairs of windows by annotation, which is said', () => {
    const pairs = swap(withPolicy, 'microservice: crosswalk/detector', 'burn-rate-windows: 2%/1h/5m');
    const definitions = read(pairs, policy);
    expect(definitions.slos[0]?.burnRateRules).toMatchObject([{ shortWindowMs: HOUR / 12 }]);
    expect(shown(definitions).join('\n')).toContain('alert policies are not evaluated beside');
  });

  it.each([
    ['kind: burnrate', 'kind: burn', /b\.yaml:14:22 spec\.condition\.kind: expected one of burnrate, got "burn"/],
    ['threshold: 14.4', 'threshold: high', /b\.yaml:14:52 .*expected a burn rate like 14\.4, got "high"/],
    ['lookbackWindow: 1h, ', '', /b\.yaml:14:14 spec\.condition: "lookbackWindow" is missing/],
    ['[{ conditionRef: fast }]', '[]', /b\.yaml:6:3 spec\.conditions: expected exactly one condition, got 0/],
    ['[{ targetRef: on-call }]', '[]', /b\.yaml:7:3 spec\.notificationTargets: expected at least one target/],
    ['conditionRef: fast', 'conditionRef: slow', /b\.yaml:6:32 .*there is no AlertCondition "slow"/],
    ['{ target: pagerduty }', '{}', /b\.yaml:19:7 spec: "target" is missing/],
  ])('are refused with %s replaced by %j, at their place', (part, by, problem) => {
    const definitions = read(withPolicy, swap(policy, part, by));
    expect(shown(definitions).join('\n')).toMatch(problem);
    expect(definitions.slos).toEqual([]);
    expect(shown(definitions).join('\n')).toMatch(/a\.yaml:32:37 .*the AlertPolicy "page" has errors/);
  });
});

describe('the revision', () => {
  const revision = (text: string) => read(text, sli).slos[0]?.source.revision;

  it.each([
    ['blanks and comments', swap(good, 'spec:\n', '# a comment\nspec:\n\n')],
    [
      'blanks in a query',
      swap(good, 'query: sum(http_requests_total)', 'query: |\n                sum(http_requests_total) # all\n'),
    ],
    ['a description', swap(good, 'service: detector', 'service: detector\n  description: other')],
    ['how the target is written', swap(good, 'target: 0.999', 'targetPercent: 99.90')],
    ['how the window is written', swap(good, '30d', '720h')],
  ])('stays with %s', (_, text) => {
    expect(read(text).problems).toEqual([]);
    expect(revision(text)).toBe(revision(good));
  });

  it.each([
    ['the target', swap(good, '0.999', '0.998')],
    ['the window', swap(good, '30d', '28d')],
    ['the query', swap(good, '5..', '[45]..')],
    ['blanks inside a quoted value', swap(good, '5..', '5.. ')],
    ['the minimum of events', annotated('    slograph.dev/min-events: "1"\n')],
    ['the pairs of windows', annotated('    slograph.dev/burn-rate-windows: 2%/1h/5m\n')],
    ['the indicator', referring],
  ])('changes with %s', (_, text) => {
    expect(revision(text)).toBeDefined();
    expect(revision(text)).not.toBe(revision(good));
  });
});

describe("what the specification's own examples do beside the rules", () => {
  it.each(['gt', 'gte'])('lets a ratio say op: %s, which is how its share is judged anyway', (op) => {
    const definitions = read(swap(good, 'target: 0.999', `target: 0.999\n      op: ${op}`));
    expect(definitions.slos[0]?.objectives).toMatchObject([{ target: '0.999', lower: null, upper: null }]);
    expect(shown(definitions)).toEqual([
      expect.stringMatching(
        /^warning a\.yaml:32:7 spec\.objectives\[0\]\.op: "op" has no meaning for a ratio; remove it/,
      ),
    ]);
  });

  it('lets a metric source have fields of its vendor beside the query', () => {
    const definitions = read(
      swap(good, 'query: sum(http_requests_total)', 'query: sum(http_requests_total)\n              dimensions: [a]'),
    );
    expect(definitions.slos).toHaveLength(1);
    expect(shown(definitions)).toEqual([
      expect.stringMatching(
        /^warning a\.yaml:25:15 .*\.dimensions: unknown field "dimensions"; fields here: query, promql/,
      ),
    ]);
  });

  it('does not call what Timeslices need unused where they are asked for', () => {
    const text = swap(
      swap(good, 'Occurrences', 'Timeslices'),
      'target: 0.999',
      'target: 0.999\n      timeSliceTarget: 0.9\n      timeSliceWindow: 1m',
    );
    expect(shown(read(text))).toEqual([]);
  });
});
