import { expect, it } from 'vitest';
import { startGateway } from '../support/gateway.js';
import { gauge, startPrometheus } from '../support/prometheus.js';

interface Seen {
  readonly clusters: readonly {
    readonly name: string;
    readonly nodes: { readonly nodes: readonly { name: string }[] };
  }[];
  readonly cluster: { readonly name: string } | null;
}

/** One document and one instant for everybody: what differs is who asks. */
const documentAt = (at: string) => `{
  clusters(at: "${at}") { name nodes { nodes { name memoryUsage { value } } } }
  cluster(name: "edge-busan", at: "${at}") { name }
}`;

const tokens = `- { name: operations, token: canary-operations }
- { name: seoul, token: canary-seoul, clusters: [edge-seoul] }
- { name: busan, token: canary-busan, clusters: [edge-busan] }
- { name: nobody, token: canary-nobody, clusters: [] }
`;

const visible: Readonly<Record<string, readonly string[]>> = {
  operations: ['edge-seoul: worker-seoul', 'edge-busan: worker-busan'],
  seoul: ['edge-seoul: worker-seoul'],
  busan: ['edge-busan: worker-busan'],
  nobody: [],
};

it('shows each tenant its own of one Prometheus, asked at once, over HTTP and WebSocket, and logs no token', async () => {
  const nowMs = Date.now();
  const recent = { fromMs: nowMs - 600_000, toMs: nowMs };
  const prometheus = await startPrometheus({
    series: ['seoul', 'busan'].flatMap((site) => {
      const labels = `cluster="edge-${site}",instance="${site}:9100"`;
      return [
        gauge(`node_uname_info{${labels},nodename="worker-${site}",release="6.1.0"}`, 1, recent),
        gauge(`node_memory_MemTotal_bytes{${labels}}`, 16e9, recent),
        gauge(`node_memory_MemAvailable_bytes{${labels}}`, 4e9, recent),
      ];
    }),
  });
  const clusters = ['edge-seoul', 'edge-busan'].map(
    (name) => `{ name: ${name}, prometheus: { url: '${prometheus.url}' }, match: { cluster: ${name} } }`,
  );
  const gateway = await startGateway(`clusters: [${clusters.join(', ')}]\ntokensFile: ./tokens.yaml\nlogLevel: trace`, {
    'tokens.yaml': tokens,
  });
  const query = documentAt(new Date(nowMs - 5_000).toISOString());
  const overHttp = async (authorization: string) => gateway.query<Seen>(query, {}, { authorization });
  const overSocket = async (authorization: string) => {
    const { value } = await gateway.client({ authorization }).iterate<Seen>({ query }).next();
    return value as { readonly data: Seen };
  };
  const rounds = Array.from({ length: 3 }, () => Object.keys(visible)).flat();
  const answers = await Promise.all(
    rounds.flatMap((name) =>
      [overHttp, overSocket].map(async (ask) => ({ name, ...(await ask(`Bearer canary-${name}`)) })),
    ),
  );
  for (const { name, data, ...rest } of answers) {
    expect(rest, name).toEqual({});
    expect(data?.clusters.map((one) => `${one.name}: ${one.nodes.nodes.map((node) => node.name)}`)).toEqual(
      visible[name],
    );
    expect(data?.cluster?.name ?? null).toBe(name === 'operations' || name === 'busan' ? 'edge-busan' : null);
  }

  expect((await overHttp('Bearer canary-wrong')).errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(gateway.process.output() + metrics).not.toContain('canary-');
});
