import { expect, it } from 'vitest';
import { startGateway } from '../../support/gateway.js';
import { freePort } from '../../support/process.js';
import { gauge, startPrometheus, T0 } from '../../support/prometheus.js';
import { answer, startLyingServer } from '../sources/lying-server.js';

const FAILING = {
  hung: { reply: () => undefined, code: 'SOURCE_TIMEOUT' },
  locked: { reply: answer(401, 'text/html', '<html>log in</html>'), code: 'SOURCE_REJECTED' },
  forbidden: { reply: answer(403, 'text/plain', 'RBAC: access denied'), code: 'SOURCE_REJECTED' },
  page: { reply: answer(200, 'text/html', '<html>log in</html>'), code: 'SOURCE_UNAVAILABLE' },
  gateway: { reply: answer(502, 'text/html', '<html>bad gateway</html>'), code: 'SOURCE_UNAVAILABLE' },
  broken: { reply: answer(200, 'application/json', '{"status":"succ'), code: 'SOURCE_UNAVAILABLE' },
} as const;

interface Answered {
  readonly clusters: readonly {
    readonly name: string;
    readonly reachable: boolean;
    readonly cpuUtilization: { readonly value: number | null; readonly missing: string | null };
    readonly nodes: { readonly nodes: readonly unknown[] } | null;
    readonly microservices: { readonly nodes: readonly unknown[] } | null;
  }[];
  readonly microservices: { readonly totalCount: number; readonly unreachable: readonly string[] };
}

it('answers for the healthy cluster among sources that fail each in its own way, and says each cause once', async () => {
  const mesh = 'destination_service_name="a",destination_service_namespace="n",reporter="destination"';
  const { url } = await startPrometheus({
    series: [gauge('node_load1{instance="h1:9100"}', 3), gauge(`istio_requests_total{${mesh}}`, 1)],
  });
  const urls: Record<string, string> = { healthy: url, down: `http://127.0.0.1:${await freePort()}` };
  for (const [name, { reply }] of Object.entries(FAILING)) urls[name] = (await startLyingServer(reply)).url;
  const gateway = await startGateway(
    `clusters:\n${Object.entries(urls)
      .map(([name, to]) => `  - { name: ${name}, prometheus: { url: '${to}', timeout: 1s } }`)
      .join('\n')}`,
  );
  const { data, errors } = await gateway.query<Answered>(
    `query ($at: DateTime!) {
      clusters(at: $at) {
        name reachable cpuUtilization { value missing }
        nodes { nodes { name load1 { value missing } pods { totalCount } } } microservices { nodes { name } }
      }
      microservices(at: $at) { totalCount unreachable }
    }`,
    { at: new Date(T0).toISOString() },
  );
  const [healthy, ...failing] = data?.clusters ?? [];
  expect(healthy).toEqual({
    name: 'healthy',
    reachable: true,
    cpuUtilization: { value: null, missing: 'NOT_COLLECTED' },
    nodes: { nodes: [{ name: 'h1', load1: { value: 3, missing: null }, pods: null }] },
    microservices: { nodes: [{ name: 'a' }] },
  });
  const dead = ['down', ...Object.keys(FAILING)];
  expect(failing.map(({ name }) => name)).toEqual(dead);
  for (const { name, ...cluster } of failing) {
    const missing = name === 'hung' ? 'SOURCE_TIMEOUT' : 'SOURCE_UNAVAILABLE';
    const nothing = { reachable: false, nodes: null, microservices: null };
    expect([name, cluster]).toEqual([name, { ...nothing, cpuUtilization: { value: null, missing } }]);
  }
  expect(data?.microservices).toEqual({ totalCount: 1, unreachable: dead });
  const said = (errors ?? []).map(({ extensions }) => [extensions?.dataSource, extensions?.code]);
  const causes = Object.entries(FAILING).map(([name, { code }]) => [name, code]);
  expect(said.sort()).toEqual([['down', 'SOURCE_UNAVAILABLE'], ...causes].sort());
  for (const { path } of errors ?? []) expect(path?.[0]).toMatch(/^(clusters|microservices)$/);
});
