import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'libsql';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { collect, startGateway } from '../../support/gateway.js';
import { start } from '../../support/process.js';
import { until } from '../../support/until.js';

const definition = (name: string) => `apiVersion: openslo/v1
kind: Service
metadata: { name: crosswalk }
spec: { description: signals }
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: crosswalk
  indicator:
    metadata: { name: ${name}-sli }
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Prometheus, spec: { query: 'sum(rate(requests_total{code="200"}[5m]))' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'sum(rate(requests_total[5m]))' } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ displayName: most, target: 0.99 }]
`;
/** Nothing listens there: the gateway serves what it can without. */
const cluster = (name: string) => `{ name: ${name}, prometheus: { url: 'http://127.0.0.1:9/${name}' } }`;

it('starts without its data source, says where it listens, and ends with 0 on SIGTERM, telling its sockets', async () => {
  const gateway = await startGateway(`clusters: [${cluster('edge')}]\ndefinitions: [./slos]`, {
    'slos/a.yaml': definition('availability'),
  });
  expect(gateway.process.output()).toContain(`GraphQL   ${gateway.url}/graphql\n`);
  expect(gateway.process.output()).toContain('a data source does not answer');
  const answer = await gateway.query<{ clusters: unknown }>(
    '{ clusters { name reachable nodes { nodes { name } } } slos { nodes { name state } } }',
  );
  expect(answer.data).toEqual({
    clusters: [{ name: 'edge', reachable: false, nodes: null }],
    slos: { nodes: [{ name: 'availability', state: expect.stringMatching(/^(STALE|NO_DATA)$/) }] },
  });
  expect(answer.errors?.map(({ extensions }) => extensions?.code)).toEqual(['SOURCE_UNAVAILABLE']);

  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const messages: string[] = [];
  socket.on('message', (data) => messages.push(data.toString()));
  const closed = once(socket, 'close');
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await until('the acknowledgement', () => messages.length === 1);
  const query = 'subscription { violations { __typename } }';
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }));
  await until('the bookmark', () => messages.some((message) => message.includes('StreamBookmark')));
  expect(await gateway.process.stop('SIGTERM')).toBe(0);
  expect((await closed)[0]).toBe(1012);
});

it('reads definitions and configuration again when they change, and keeps the last good ones', async () => {
  const gateway = await startGateway(`clusters: [${cluster('edge')}]\ndefinitions: [./slos]`, {
    'slos/a.yaml': definition('availability'),
  });
  const names = async () => {
    const { data } = await gateway.query<{ clusters: { name: string }[]; slos: { nodes: { name: string }[] } }>(
      '{ clusters { name } slos { nodes { name } } definitionProblems { line } }',
    );
    return {
      clusters: data?.clusters.map(({ name }) => name),
      slos: data?.slos.nodes.map(({ name }) => name),
    };
  };
  const metric = async () =>
    /^slograph_config_last_reload_successful (\d)$/m.exec(await (await fetch(`${gateway.url}/metrics`)).text())?.[1];
  const become = (what: string, wanted: object) =>
    until(what, async () => JSON.stringify(await names()) === JSON.stringify(wanted));
  expect(await names()).toEqual({ clusters: ['edge'], slos: ['availability'] });

  // Outlives every change of what is behind it.
  const stream = collect(gateway.client(), { query: 'subscription { violations { __typename } }' });
  await until('the bookmark', () => stream.seen.length === 1);

  writeFileSync(join(gateway.folder, 'slos/b.yaml'), definition('latency').split('---\n')[1] as string);
  await become('the new definition', { clusters: ['edge'], slos: ['availability', 'latency'] });

  const listen = `listen: { host: 127.0.0.1, port: ${new URL(gateway.url).port} }\nstore: { path: ./data/slograph.db }\n`;
  const configure = (text: string) => {
    writeFileSync(join(gateway.folder, 'next.yaml'), listen + text);
    renameSync(join(gateway.folder, 'next.yaml'), join(gateway.folder, 'slograph.yaml'));
  };
  configure(`clusters: [${cluster('edge')}, ${cluster('core')}]\n`);
  await become('the new cluster', { clusters: ['edge', 'core'], slos: [] });

  configure('clusters: none\n');
  await until('the refusal', async () => (await metric()) === '0');
  expect(gateway.process.output()).toContain('slograph.yaml:3:');
  expect(await names()).toEqual({ clusters: ['edge', 'core'], slos: [] });

  configure(`clusters: [${cluster('core')}]\nallowedOrigins: ['https://ops.example']\n`);
  await become('the good configuration', { clusters: ['core'], slos: [] });
  expect(await metric()).toBe('1');
  expect(gateway.process.output()).toContain('take effect at the next start only');
  expect(stream.errors).toEqual([]);
});

it('does not start on a store of a newer version, says what to do, and leaves the store as it was', async () => {
  const gateway = await startGateway(`clusters: [${cluster('edge')}]`);
  expect(await gateway.process.stop('SIGTERM')).toBe(0);
  const path = join(gateway.folder, 'data/slograph.db');
  const database = new Database(path);
  database.exec('PRAGMA user_version = 99');
  database.close();
  const before = readFileSync(path);
  const config = join(gateway.folder, 'slograph.yaml');
  const again = start(process.execPath, [resolve('dist/main.js'), 'serve', '--config', config], {
    cwd: gateway.folder,
  });
  const [code] = await once(again.child, 'close');
  expect(code).toBe(1);
  expect(again.output()).toMatch(
    /^error: the store \S+slograph\.db has version 99, and this slograph knows versions up to \d+; run the newer slograph that wrote it, or set another store\.path$/m,
  );
  expect(readFileSync(path).equals(before)).toBe(true);
});
