/**
 * The floor: a hand-written script that sends the PromQL of a dashboard in parallel with a bare HTTP client and builds
 * the JSON of its answer, and nothing else.
 */
import { post } from '../measure.js';

interface Row {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

interface Order {
  readonly dashboard: 'nodes' | 'containers';
  readonly url: string;
  readonly promql: Readonly<Record<string, string>>;
  readonly figures: readonly string[];
  readonly atMs: number;
}

process.on('message', (order: Order) => {
  const startedMs = performance.now();
  answerOf(order).then((text) => process.send?.({ wallMs: performance.now() - startedMs, text }));
});

async function answerOf({ dashboard, url, promql, figures, atMs }: Order): Promise<string> {
  const entries = Object.entries(promql);
  const answers = await Promise.all(
    entries.map(async ([, query]) => {
      const body = `query=${encodeURIComponent(query)}&time=${atMs / 1_000}`;
      const text = await post(`${url}/api/v1/query`, body, 'application/x-www-form-urlencoded');
      return (JSON.parse(text) as { data: { result: Row[] } }).data.result;
    }),
  );
  const rows = new Map(entries.map(([name], index) => [name, answers[index] as Row[]]));
  const items = dashboard === 'nodes' ? nodes(rows, figures) : containers(rows, figures);
  const list = { totalCount: items.length, nodes: items };
  return JSON.stringify({ data: { cluster: { [dashboard]: list } } });
}

function nodes(rows: ReadonlyMap<string, Row[]>, figures: readonly string[]): object[] {
  const nameOf = new Map(rows.get('unames')?.map(({ metric }) => [metric.instance, metric.nodename ?? '']));
  const columns = figures.map(
    (figure) =>
      [figure, new Map(rows.get(figure)?.map(({ metric, value }) => [nameOf.get(metric.instance), value]))] as const,
  );
  return (rows.get('infos') ?? [])
    .map(({ metric: { node = '', internal_ip } }) => ({ node, internal_ip }))
    .sort((a, b) => (a.node < b.node ? -1 : 1))
    .map(({ node, internal_ip }) => ({
      id: idOf('Node', 'fleet', node),
      name: node,
      internalIP: internal_ip,
      ...cells(columns, node),
    }));
}

function containers(rows: ReadonlyMap<string, Row[]>, figures: readonly string[]): object[] {
  const keyOf = ({ namespace, pod, container }: Row['metric']) => `${namespace}/${pod}/${container}`;
  const columns = figures.map(
    (figure) => [figure, new Map(rows.get(figure)?.map(({ metric, value }) => [keyOf(metric), value]))] as const,
  );
  return (rows.get('infos') ?? [])
    .map(({ metric }) => ({ key: keyOf(metric), metric }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, metric: { namespace = '', pod = '', container = '' } }) => ({
      id: idOf('Container', 'edge', namespace, pod, container),
      name: container,
      namespace,
      ...cells(columns, key),
    }));
}

function cells(columns: readonly (readonly [string, ReadonlyMap<string | undefined, Row['value']>])[], key: string) {
  const own: Record<string, { value: number | null }> = {};
  for (const [figure, values] of columns) {
    const sample = values.get(key);
    own[figure] = { value: sample === undefined ? null : Number(sample[1]) };
  }
  return own;
}

function idOf(...parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}
