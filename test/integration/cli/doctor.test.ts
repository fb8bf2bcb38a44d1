import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Finding } from '../../../src/domain/finding.js';
import { runProgram } from '../../support/program.js';
import { counter, gauge, startPrometheus } from '../../support/prometheus.js';

const slo = (name: string, metric: string) => `apiVersion: openslo/v1
kind: Service
metadata: { name: ${name}-service }
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: ${name}-service
  indicator:
    metadata: { name: ${name}-sli }
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Prometheus, spec: { query: 'sum(rate(${metric}{code="200"}[5m]))' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'sum(rate(${metric}[5m]))' } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ displayName: most, target: 0.99 }]
`;
const configOf = (url: string) => `clusters: [{ name: edge, prometheus: { url: '${url}' } }]\ndefinitions: [./slos]\n`;

/** The doctor asks about now. */
async function livePrometheus(): Promise<string> {
  const span = { fromMs: Date.now() - 600_000, toMs: Date.now() };
  const { url } = await startPrometheus({
    series: [
      counter('requests_total{code="200"}', { perSecond: 1, ...span }),
      gauge('up{job="shop"}', 1, span),
      gauge('up{job="till"}', 0, span),
      gauge('node_uname_info{nodename="n1",instance="n1:9100"}', 1, span),
    ],
  });
  return url;
}

it('tells one thing a line, with its mark and what to do, as data; warnings are no failure', async () => {
  const url = await livePrometheus();
  const { code, stdout, stderr, folder } = await doctor([], {
    'slograph.yaml': configOf(url),
    'slos/a.yaml': slo('served', 'requests_total'),
    'slos/b.yaml': slo('idle', 'no_such_total'),
    'slos/c.yaml': slo('mislabelled', 'requests_total').replace('code=', 'status='),
  });
  expect(code).toBe(0);
  // A machine under load takes longer than its patience.
  expect(stderr).toMatch(/^(waiting for edge \.\.\.\n)?$/);
  for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^[✓!] \S/);
  for (const line of [
    /^✓ slograph\.yaml: 1 cluster: edge$/m,
    /^[✓!] (only )?\d+ files may be open at once/m,
    /^✓ the store \S+slograph\.db can be written$/m,
    /^✓ 3 SLOs defined$/m,
    /^✓ edge: prometheus 2\.\S+ answers within \d+ ms$/m,
    /^✓ edge: its clock agrees with ours to \ds$/m,
    /^! edge: node_exporter found, without .*: not known are .*Node cpuPressure.* -> /m,
    /^! edge: no cAdvisor: not known are .*Container .*cpuUsage.* -> scrape \/metrics\/cadvisor/m,
    /^! edge: 1 of 1 targets of job "till" cannot be scraped -> /m,
    /^✓ 1 SLO has data now$/m,
    /^! edge: SLO idle selects no series now: sum\(increase\(no_such_total\[5m\]\)\) -> /m,
    /^! edge: SLO mislabelled has events, and no series of good ones: all count as bad: .*status="200".* -> /m,
  ]) {
    expect(stdout).toMatch(line);
  }
  expect(stdout).not.toContain('\u001b');
  expect(readdirSync(folder).sort()).toEqual(['slograph.yaml', 'slos']);
});

it('prints one JSON object for programs', async () => {
  const url = await livePrometheus();
  const files = { 'slograph.yaml': configOf(url), 'slos/a.yaml': slo('served', 'requests_total') };
  const { code, stdout } = await doctor(['--json'], files);
  const answer = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  expect({ code, ok: answer.ok }).toEqual({ code: 0, ok: true });
  const kube = answer.findings.find(({ message }) => message.startsWith('no kube-state-metrics'));
  expect(kube).toMatchObject({ level: 'WARNING', topic: 'exporter', cluster: 'edge' });
  expect(kube?.fields).toContain('Node.ready');
});

it('ends with 5 when a data source does not answer, and examines the others', async () => {
  const url = await livePrometheus();
  const config = `clusters:\n  - { name: edge, prometheus: { url: '${url}' } }\n  - { name: core, prometheus: { url: 'http://127.0.0.1:9' } }\n`;
  const { code, stdout } = await doctor([], { 'slograph.yaml': config });
  expect(code).toBe(5);
  expect(stdout).toMatch(/^✗ core: its Prometheus does not answer: the connection was refused -> /m);
  expect(stdout).toMatch(/^✓ edge: prometheus/m);
  expect(stdout).toMatch(/^! no SLO is defined -> set definitions/m);
});

it('ends with 3 for a configuration or a definition that is invalid, as lines and as JSON', async () => {
  const broken = { 'slograph.yaml': `${configOf('http://127.0.0.1:9')}lisen: {}\n` };
  const text = await doctor([], broken);
  expect(text.code).toBe(3);
  expect(text.stdout).toMatch(/^✗ \S*slograph\.yaml:3:1 .*listen/m);
  const json = await doctor(['--json'], broken);
  expect(json.code).toBe(3);
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, findings: [{ level: 'ERROR', topic: 'configuration' }] });
  expect((await doctor([], {})).code).toBe(3);

  const url = await livePrometheus();
  const definition = await doctor([], {
    'slograph.yaml': configOf(url),
    'slos/a.yaml': slo('served', 'requests_total{'),
  });
  expect(definition.code).toBe(3);
  expect(definition.stdout).toMatch(/^✗ \S*a\.yaml:\d+:\d+ /m);
  expect(definition.stdout).toMatch(/^✓ edge: prometheus/m);
});

it('ends with 1 when the store cannot be written', async () => {
  const url = await livePrometheus();
  const { code, stdout } = await doctor([], {
    'slograph.yaml': `${configOf(url)}store: { path: ./taken/slograph.db }\n`,
    taken: 'a file where a folder is wanted',
    'slos/a.yaml': slo('served', 'requests_total'),
  });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^✗ the store \S+ cannot be written: .* -> /m);
});

/** Runs the built program's doctor to its end, in a folder with these files. */
function doctor(args: readonly string[], files: Readonly<Record<string, string>>) {
  return runProgram(['doctor', '--config', 'slograph.yaml', ...args], files);
}
