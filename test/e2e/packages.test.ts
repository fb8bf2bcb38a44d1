import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { collect, startGateway } from '../support/gateway.js';
import { counter, gauge, startPrometheus, T0 } from '../support/prometheus.js';
import { until } from '../support/until.js';

/** The seventh, vitest, is what runs this. */
const promised = ['@apollo/server', 'graphql', 'type-graphql', 'dataloader', 'prometheus-query', 'graphql-ws'];

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly count: number }[];
    }[];
  }[];
}

it('runs code of every package it is promised to be built on, for one query and one subscription', async () => {
  const coverage = mkdtempSync(join(tmpdir(), 'slograph-coverage-'));
  onTestFinished(() => rmSync(coverage, { recursive: true, force: true }));
  const prometheus = await startPrometheus({
    series: [
      gauge('node_uname_info{instance="n",nodename="n"}', 1),
      counter('node_cpu_seconds_total{instance="n",cpu="0",mode="user"}', { perSecond: 0.5 }),
    ],
  });
  const gateway = await startGateway(
    `clusters: [{ name: c, prometheus: { url: '${prometheus.url}' } }]`,
    {},
    { NODE_V8_COVERAGE: coverage },
  );
  const answer = await gateway.query(
    'query ($at: DateTime) { cluster(name: "c", at: $at) { nodes { nodes { name cpuUsage { value } } } } }',
    {
      at: new Date(T0).toISOString(),
    },
  );
  expect(answer).toEqual({
    data: { cluster: { nodes: { nodes: [{ name: 'n', cpuUsage: { value: expect.closeTo(0.5, 6) } }] } } },
  });
  const client = gateway.client();
  const stream = collect<{ violations: { __typename: string } }>(client, {
    query: 'subscription { violations { __typename } }',
  });
  await until('the bookmark', () => stream.seen.length > 0);
  expect(stream.seen[0]?.violations.__typename).toBe('StreamBookmark');
  stream.stop();
  await client.dispose();
  expect(await gateway.process.stop()).toBe(0);

  const executed = new Set<string>();
  for (const file of readdirSync(coverage)) {
    for (const { url, functions } of (JSON.parse(readFileSync(join(coverage, file), 'utf8')) as Coverage).result) {
      const name = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url)?.[1];
      // The nameless first function is the module's own top level: loading alone is not use.
      if (
        name !== undefined &&
        functions.some(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0)
      )
        executed.add(name);
    }
  }
  for (const name of promised) expect(executed).toContain(name);
});
