import { expect, it } from 'vitest';
import { startGateway } from '../support/gateway.js';
import { gauge, startPrometheus, T0 } from '../support/prometheus.js';

it('a token with the right asks its own namespaces by free PromQL, others do not', async () => {
  const prometheus = await startPrometheus({
    series: ['shop', 'bank'].map((namespace, index) =>
      gauge(`load{cluster="prod",namespace="${namespace}"}`, index + 1),
    ),
  });
  const gateway = await startGateway(
    `clusters: [{ name: prod, prometheus: { url: '${prometheus.url}' }, match: { cluster: prod } }]\ntokensFile: ./tokens.yaml`,
    {
      'tokens.yaml': [
        '- { name: ops, token: ops, rights: [read, promql] }',
        '- { name: shop, token: shop, namespaces: [shop], rights: [read, promql] }',
        '- { name: reader, token: reader, rights: [read] }',
      ].join('\n'),
    },
  );
  const at = new Date(T0).toISOString();
  const ask = (token: string, query = 'sum by (namespace) (load)') =>
    gateway.query<{ promql: { series: { value: number }[] } }>(
      'query ($query: PromQL!, $at: DateTime) { promql(cluster: "prod", query: $query, at: $at) { type series { value } } }',
      { query, at },
      { authorization: `Bearer ${token}`, 'x-slograph-plan': '1' },
    );
  expect((await ask('ops')).data?.promql.series.map(({ value }) => value).sort()).toEqual([1, 2]);
  const shop = await ask('shop');
  expect(shop.data?.promql).toEqual({ type: 'vector', series: [{ value: 1 }] });
  expect(shop.extensions?.plan).toMatchObject([
    {
      promql: 'sum by (namespace) (load{cluster="prod",namespace="shop",exported_namespace=~"|shop"})',
      dataSource: 'prod',
      cached: false,
    },
  ]);
  const codeOf = async (token: string, query?: string) => (await ask(token, query)).errors?.[0]?.extensions?.code;
  expect(await codeOf('reader')).toBe('FORBIDDEN');
  expect(await codeOf('ops', 'sum(load')).toBe('BAD_INPUT');
});

it('callers on loopback who need no token have not the right', async () => {
  const gateway = await startGateway("clusters: [{ name: prod, prometheus: { url: 'http://127.0.0.1:9' } }]");
  const { errors } = await gateway.query('{ promql(cluster: "prod", query: "up") { type } }');
  expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
});
