import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { expect, it } from 'vitest';
import { targetsOf } from '../../../src/demo/cloud.js';
import { definitionFiles } from '../../../src/demo/definitions.js';
import { writeHistory } from '../../../src/demo/history.js';
import { NOISE_MS, Timeline } from '../../../src/demo/incidents.js';
import { clusters, sharing } from '../../../src/demo/topology.js';
import { createWorld } from '../../../src/demo/world.js';
import { startGateway, type TestGateway } from '../../support/gateway.js';
import { startPrometheus } from '../../support/prometheus.js';
import { until } from '../../support/until.js';
import { walk } from './schema-walk.js';

const HOUR = 3_600_000;
const schema = buildSchema(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'));
/** What says that a source did not answer: there is nothing to tell while all do. */
const TOLD_BY_FAILURES = ['Application.unreachable', 'DataSourceStatus.error'];
const MODEL_SERVERS = ['inference-gateway', 'kserve', 'ray-serve', 'triton', 'vllm'];

/** Two databases with the last hour of the demo, in which a neighbour was noisy minutes ago, and a gateway over them. */
async function startWorld() {
  const untilMs = Date.now();
  const afterMs = untilMs - 1.2 * HOUR;
  const noise = ['edge-seoul', 'edge-busan'].map((cluster) => {
    const startMs = untilMs - NOISE_MS - 60_000;
    return { kind: 'NOISY_NEIGHBOUR' as const, cluster, startMs, endMs: startMs + NOISE_MS };
  });
  const targets = targetsOf(createWorld(afterMs, new Timeline(noise)));
  const write = async (isShared: boolean) => {
    const own = targets.filter(({ cluster }) => sharing.includes(cluster) === isShared);
    const prometheus = await startPrometheus();
    await writeHistory({ url: prometheus.url, targets: own, afterMs }, untilMs, () => {});
    return prometheus;
  };
  const [alone, shared] = await Promise.all([write(false), write(true)]);
  const entries = clusters.map((name) =>
    sharing.includes(name)
      ? `{ name: ${name}, prometheus: { url: '${shared.url}' }, match: { cluster: ${name} } }`
      : `{ name: ${name}, prometheus: { url: '${alone.url}' } }`,
  );
  const gateway = await startGateway(
    `clusters: [${entries.join(', ')}]
definitions: [./slos]
applications: [{ name: crosswalk, description: Safety, microservices: [{ namespace: crosswalk }] }]`,
    Object.fromEntries(Object.entries(definitionFiles).map(([name, text]) => [`slos/${name}`, text])),
  );
  return { gateway, alone };
}

/** What is known of each field; an operation may fail in parts. */
async function unknownFields(gateway: TestGateway): Promise<readonly string[]> {
  const known = await walk(schema, async (document) => {
    const { data, errors } = await gateway.query(document);
    if (data == null) throw new Error(`${document}: ${JSON.stringify(errors)}`);
    return data;
  });
  // A connection below a cluster that does not answer is null: only those of the roots name it.
  return [...known]
    .flatMap(([field, isKnown]) => (isKnown || /Connection\.unreachable$/.test(field) ? [] : [field]))
    .sort();
}

it('knows every field of what runs for some entity of the demo, and of failures while a source is down', async () => {
  const { gateway, alone } = await startWorld();
  await until('a violation of a microservice', async () => {
    const { data } = await gateway.query<{ violations: { totalCount: number } }>('{ violations { totalCount } }');
    return (data?.violations.totalCount ?? 0) > 0;
  });
  expect(await unknownFields(gateway)).toEqual(TOLD_BY_FAILURES);
  const { data } = await gateway.query<{ microservices: { nodes: { inference: { server: string }[] }[] } }>(
    '{ microservices { nodes { inference { server } } } }',
  );
  const servers = data?.microservices.nodes.flatMap(({ inference }) => inference.map(({ server }) => server));
  expect([...new Set(servers)].sort()).toEqual(MODEL_SERVERS);

  await alone.stop();
  await until('the loss to be told', async () => {
    const { data: told } = await gateway.query<{ applications: { unreachable: string[] }[] }>(
      '{ applications { unreachable } }',
    );
    return told?.applications.some(({ unreachable }) => unreachable.length > 0) === true;
  });
  const unknown = await unknownFields(gateway);
  expect(unknown.filter((field) => TOLD_BY_FAILURES.includes(field))).toEqual([]);
});
