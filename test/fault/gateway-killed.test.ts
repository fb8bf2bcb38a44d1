import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { findEngine } from '../../src/demo/engines.js';
import type { WrittenSeries } from '../../src/demo/remote-write.js';
import { startGateway } from '../support/gateway.js';
import { freePort, start } from '../support/process.js';
import { labelsOf, startPrometheus, type TestPrometheus } from '../support/prometheus.js';
import { until } from '../support/until.js';

interface Answer {
  readonly slos: {
    readonly nodes: {
      readonly name: string;
      readonly state: string;
      readonly objectives: {
        readonly ratio: number | null;
        readonly errorBudget: { readonly remainingRatio: number | null };
        readonly hour: number | null;
      }[];
    }[];
  };
  readonly violations: {
    readonly nodes: {
      readonly id: string;
      readonly status: string;
      readonly startedAt: string;
      readonly slo: { readonly name: string } | null;
    }[];
  };
  readonly definitionProblems: readonly { readonly message: string; readonly severity: string }[];
}

const question = `{
  slos { nodes { name state objectives { ratio errorBudget { remainingRatio } hour: burnRate(window: "1h") } } }
  violations(filter: { kind: [BURN_RATE], slo: { eq: "burning" } }) { nodes { id status startedAt slo { name } } }
  definitionProblems { message severity }
}`;

/** Bad requests a second, of 100, by service. */
const bad: Record<string, number> = { steady: 2, burning: 60, hasty: 6 };

it('a violation outlives a new definition and kill -9, and resolves once when its cause ended meanwhile', async () => {
  const prometheus = await startPrometheus();
  const alertmanager = await startAlertmanager();
  await writeForever(prometheus);
  const files = { 'slos/all.yaml': definitions('0.9') };
  const gateway = await startGateway(
    `clusters: [{ name: edge, prometheus: { url: '${prometheus.url}' } }]
definitions: [./slos]
alertmanagers: [{ url: '${alertmanager}' }]
evaluation: { interval: 2s, lag: 1s }`,
    files,
  );
  const ask = async () => (await gateway.query<Answer>(question)).data as Answer;
  const alerts = async () => {
    const query = new URLSearchParams([
      ['filter', 'slo="burning"'],
      ['filter', 'kind="burn_rate"'],
    ]);
    return (await (await fetch(`${alertmanager}/api/v2/alerts?${query}`)).json()) as { labels: object }[];
  };

  const open = await until('a violation', async () => {
    const { nodes } = (await ask()).violations;
    return nodes.length > 0 && nodes;
  });
  expect(open).toMatchObject([{ status: 'OPEN', slo: { name: 'burning' } }]);
  const { id } = open[0] as { id: string };
  const known = (await ask()).slos.nodes;
  expect(Object.fromEntries(known.map(({ name, state }) => [name, state]))).toEqual({
    absent: 'NO_DATA',
    burning: 'VIOLATED',
    hasty: 'AT_RISK',
    'out-above': 'VIOLATED',
    'out-below': 'VIOLATED',
    rare: 'NO_EVENTS',
    steady: 'OK',
    within: 'OK',
  });
  const figures = Object.fromEntries(known.map(({ name, objectives: [objective] }) => [name, objective]));
  expect(figures.steady).toEqual({
    ratio: expect.closeTo(0.98, 10),
    errorBudget: { remainingRatio: expect.closeTo(0.8, 10) },
    hour: expect.closeTo(0.2, 10),
  });
  expect(figures.burning).toMatchObject({ ratio: expect.closeTo(0.4, 10), hour: expect.closeTo(6, 10) });
  expect(figures.rare).toEqual({ ratio: null, errorBudget: { remainingRatio: null }, hour: null });
  await until('the alert', async () => (await alerts()).length > 0);
  expect(await alerts()).toMatchObject([{ labels: { alertname: 'SLOViolation', cluster: 'edge', severity: 'page' } }]);

  writeFileSync(join(gateway.folder, 'slos/all.yaml'), definitions('0.8'));
  await until('the new definition to be evaluated', async () => {
    const burning = (await ask()).slos.nodes.find(({ name }) => name === 'burning');
    return Math.abs((burning?.objectives[0]?.hour ?? 0) - 3) < 1e-6;
  });
  expect((await ask()).violations.nodes).toEqual(open);

  await gateway.process.stop('SIGKILL');
  bad.burning = 0;
  const program = [resolve('dist/main.js'), 'serve', '--config', join(gateway.folder, 'slograph.yaml')];
  const again = start(process.execPath, program, { cwd: gateway.folder });
  onTestFinished(async () => void (await again.stop('SIGKILL')));
  await until('the gateway to be back', async () => (await fetch(`${gateway.url}/readyz`)).ok);
  expect((await ask()).violations.nodes).toEqual(open);
  await until('the violation to resolve', async () => (await ask()).violations.nodes[0]?.status === 'RESOLVED', 60_000);
  expect((await ask()).violations.nodes).toMatchObject([{ id, status: 'RESOLVED', startedAt: open[0]?.startedAt }]);
  await until('the alert to end', async () => (await alerts()).length === 0);
  expect((await ask()).definitionProblems.filter(({ severity }) => severity === 'ERROR')).toEqual([]);
}, 180_000);

async function startAlertmanager(): Promise<string> {
  const binary = findEngine('alertmanager');
  if (binary === null) throw new Error('alertmanager is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'slograph-alertmanager-'));
  writeFileSync(join(folder, 'alertmanager.yml'), 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n');
  const port = await freePort();
  const running = start(binary, [
    `--config.file=${join(folder, 'alertmanager.yml')}`,
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
    '--log.level=warn',
  ]);
  onTestFinished(async () => {
    await running.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await until('alertmanager', async () => (await fetch(`${url}/-/ready`)).ok);
  return url;
}

/** Ten minutes of history, then a sample a second up to now, until the test has finished. */
async function writeForever(prometheus: TestPrometheus): Promise<void> {
  let nextMs = Math.floor(Date.now() / 1000) * 1000 - 600_000;
  const counts = new Map<string, number>();
  const write = async () => {
    const series = new Map<string, [number, number][]>();
    const add = (name: string, value: number) => series.set(name, [...(series.get(name) ?? []), [nextMs, value]]);
    for (; nextMs <= Date.now(); nextMs += 1_000) {
      for (const [service, failures] of Object.entries(bad)) {
        for (const [code, rate] of Object.entries({ 200: 100 - failures, 503: failures })) {
          const name = `http_requests_total{service="${service}",code="${code}"}`;
          counts.set(name, (counts.get(name) ?? 0) + rate);
          add(name, counts.get(name) as number);
        }
      }
      add('queue_age_seconds', 5);
    }
    const written = [...series].map(([name, samples]): WrittenSeries => ({ labels: labelsOf(name), samples }));
    if (written.length > 0) await prometheus.push(written);
  };
  await write();
  let writing = Promise.resolve();
  const timer = setInterval(() => {
    writing = writing.then(write, write);
  }, 500);
  onTestFinished(async () => {
    clearInterval(timer);
    await writing.catch(() => {});
  });
}

function definitions(target: string): string {
  return [
    ratio('steady', 'steady', '0.9'),
    ratio('burning', 'burning', target),
    ratio('hasty', 'hasty', '0.9'),
    ratio('absent', 'absent', '0.9'),
    ratio('rare', 'steady', '0.9', 'slograph.dev/min-events: "100000000"'),
    bounded('within', 4, 5),
    bounded('out-above', 1, 4),
    bounded('out-below', 6, 9),
  ].join('---\n');
}

/** Pages when 0.01 % of the budget is spent within 2 minutes, over 15 s too: both fit into the time of a test. */
function ratio(name: string, service: string, target: string, annotation = ''): string {
  const query = (code: string) => `sum(http_requests_total{service="${service}"${code}})`;
  return `${head(name, ['slograph.dev/burn-rate-windows: 0.01%/2m/15s', annotation])}
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, spec: { query: '${query(',code=~"5.."')}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: '${query('')}' } } }
  timeWindow: [{ duration: 4w, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: ${target} }]
`;
}

function bounded(name: string, lower: number, upper: number): string {
  return `${head(name, [`slograph.dev/lower: "${lower}"`, 'slograph.dev/unit: seconds'])}
    spec: { thresholdMetric: { metricSource: { type: Prometheus, spec: { query: max(queue_age_seconds) } } } }
  timeWindow: [{ duration: 1M, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ op: lte, value: ${upper}, target: 0.5 }]
`;
}

function head(name: string, annotations: readonly string[]): string {
  return `apiVersion: openslo/v1
kind: SLO
metadata:
  name: ${name}
  annotations:
    ${annotations.filter((annotation) => annotation !== '').join('\n    ')}
spec:
  service: app
  indicator:
    metadata: { name: ${name} }`;
}
