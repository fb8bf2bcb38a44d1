import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exampleQueries } from '../../src/demo/queries.js';
import { MODEL_VERSION } from '../../src/demo/world.js';
import { activeAlerts, demoFolder, query, startDemo, watchViolations } from '../support/demo.js';
import { allTold, expectAsInLog, followers, incidentGateway } from '../support/demo-incident.js';
import { until } from '../support/until.js';

// Long enough for every window of the burn-rate pairs; the rest of the 30 days changes nothing here.
const HISTORY = ['--history-days', '4'];

interface Promises {
  slos: { nodes: { name: string; state: string; objectives: { ratio: number | null }[] }[] };
}

interface GpuNodes {
  clusters: {
    name: string;
    nodes: {
      nodes: {
        name: string;
        gpus: {
          uuid: string;
          node: { name: string };
          container: { pod: { workload: { name: string } } } | null;
          lastXid: number | null;
          [figure: string]: unknown;
        }[];
      }[];
    };
  }[];
}

/** Every GPU of the nodes that have any, with the workload that holds it. */
async function gpusOf(graphql: string) {
  const figures = ['utilization', 'memoryUsed', 'memoryUtilization', 'temperature', 'power'];
  const { clusters } = (await query(
    graphql,
    `{ clusters { name nodes(filter: { hasGPU: true }) { nodes { name gpus {
         uuid node { name } container { pod { workload { name } } } lastXid
         ${figures.map((figure) => `${figure} { value missing }`).join(' ')} } } } } }`,
  )) as unknown as GpuNodes;
  return clusters.flatMap(({ name: cluster, nodes }) =>
    nodes.nodes.flatMap((node) =>
      node.gpus.map((gpu) => {
        expect(gpu.node.name).toBe(node.name);
        const { uuid, lastXid, container } = gpu;
        const holder = container?.pod.workload.name ?? null;
        const measured = figures.map((figure) => [figure, gpu[figure] as { value: number | null }] as const);
        return { cluster, uuid, lastXid, holder, figures: Object.fromEntries(measured) };
      }),
    ),
  );
}

function processesNaming(folder: string): string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes(folder));
}

it('shows a violation that opens for a subscriber and in Alertmanager, and one to every kind of client through a restart', async () => {
  const folder = demoFolder();
  const demo = await startDemo(folder, [...HISTORY, '--incident-after', '5']);
  const events = watchViolations(demo.graphql);
  // With short windows one opens and resolves while that of the default windows is still to come.
  const gateway = await incidentGateway(folder, demo, 'short');
  const clients = followers(gateway);
  await allTold(clients, 'OPENED', 120_000);
  await gateway.restart();
  const slo = `detector-latency-${demo.victim.replace('edge-', '')}`;

  const opened = await until(
    `${slo} to be violated`,
    () => events.find(({ violation }) => violation.slo.name === slo && violation.kind === 'BURN_RATE'),
    180_000,
  );
  expect(opened).toMatchObject({
    transition: 'OPENED',
    violation: { severity: 'PAGE', status: 'OPEN', longWindow: '1h' },
  });
  await until('the alert in Alertmanager', async () => {
    const alerts = await activeAlerts(demo.alertmanager);
    return alerts.find((labels) => Object.values(labels).includes(slo)) !== undefined;
  });
  const others = events.filter(({ violation }) => violation.kind === 'BURN_RATE' && violation.slo.name !== slo);
  expect(others.filter(({ violation }) => violation.severity === 'PAGE')).toEqual([]);
  await allTold(clients, 'RESOLVED', 120_000);
  await expectAsInLog(gateway, clients);
}, 300_000);

it('answers the queries that it prints, with live values, past ones, and states of every kind', async () => {
  const folder = demoFolder();
  const demo = await startDemo(folder, [...HISTORY, '--incident-after', '3600']);
  const [cloud, promises] = exampleQueries(Date.now() - 3 * 86_400_000);
  const { now, then } = (await query(demo.graphql, cloud?.text ?? '')) as unknown as Record<
    'now' | 'then',
    {
      name: string;
      nodes: { nodes: { name: string; cpuUtilization: { value: number | null } }[] };
      microservices: { nodes: unknown[] };
    }[]
  >;
  expect(now.map(({ name }) => name)).toEqual(['edge-seoul', 'edge-busan', 'cloud-core']);
  for (const cluster of now)
    for (const node of cluster.nodes.nodes) expect(node.cpuUtilization.value, node.name).not.toBeNull();
  expect(then.map(({ nodes }) => nodes.nodes.length)).toEqual([3, 3, 4]);
  for (const cluster of then) expect(cluster.microservices.nodes.length).toBeGreaterThan(4);

  const gpus = await gpusOf(demo.graphql);
  expect(gpus.map(({ cluster, holder }) => `${cluster} ${holder}`).sort()).toEqual([
    'cloud-core llm',
    'cloud-core llm',
    'cloud-core null',
    'cloud-core trainer',
    ...['edge-busan', 'edge-busan', 'edge-seoul', 'edge-seoul'].map((edge) => `${edge} detector`),
  ]);
  for (const { uuid, figures, lastXid } of gpus) {
    for (const figure of Object.values(figures))
      expect(figure.value, `${uuid} ${JSON.stringify(figure)}`).not.toBeNull();
    expect(lastXid).toBe(0);
  }

  const states = await until('every SLO to be evaluated', async () => {
    const { slos } = (await query(demo.graphql, promises?.text ?? '')) as unknown as Promises;
    const byName = new Map(slos.nodes.map(({ name, state }) => [name, state]));
    return ![...byName.values()].includes('NO_DATA') && byName;
  });
  expect(states.get('siren-availability')).toBe('NO_EVENTS');
  expect([...states].filter(([name]) => name !== 'siren-availability').map(([, state]) => state)).toEqual(
    Array.from({ length: states.size - 1 }, () => 'OK'),
  );
}, 180_000);

it('ends everything on Ctrl-C, and goes on from its data at the next start', async () => {
  const folder = demoFolder();
  const first = await startDemo(folder, [...HISTORY, '--incident-after', '3600']);
  expect(await first.process.stop('SIGINT')).toBe(130);
  expect(processesNaming(folder)).toEqual([]);
  // An incident that nobody has seen has not happened.
  const { incidents } = JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')) as {
    incidents: { kind: string }[];
  };
  expect(incidents.filter(({ kind }) => kind === 'NOISY_NEIGHBOUR')).toEqual([]);

  const second = await startDemo(folder, ['--incident-after', '3600']);
  expect(second.process.output()).toContain('filling the gap since the last start');
  second.process.child.kill('SIGKILL');
  await until('the children of a killed demo to end', () => processesNaming(folder).length === 0);
}, 180_000);

it('starts afresh where the data cannot be gone on with, and tells which program died and what it said', async () => {
  const folder = demoFolder();
  const state = { modelVersion: MODEL_VERSION, historyFromMs: Date.now() - 86_400_000, incidents: [] };
  writeFileSync(join(folder, 'state.json'), JSON.stringify(state));
  const flags = ['--history-days', '0.25', '--incident-after', '3600', '--host', '0.0.0.0'];
  const demo = await startDemo(folder, flags);
  expect(demo.process.output()).toContain('listens on 0.0.0.0 with --insecure: whoever reaches that address');
  expect((await fetch(demo.graphql.replace('/graphql', '/readyz'))).status).toBe(200);
  expect(demo.process.output()).toContain('cannot be gone on with (they are incomplete): starting afresh');

  const alertmanager = processesNaming(folder).find((line) => line.includes('--cluster.listen-address'));
  process.kill(Number(alertmanager?.trim().split(/\s+/)[0]), 'SIGKILL');
  await until('the demo to end', () => demo.process.child.exitCode !== null);
  expect(demo.process.child.exitCode).toBe(1);
  expect(demo.process.output()).toContain('slograph demo: Alertmanager was ended by SIGKILL');
  expect(processesNaming(folder)).toEqual([]);
}, 120_000);
