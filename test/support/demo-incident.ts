import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { RunningDemo } from './demo.js';
import { startGateway, type TestGateway } from './gateway.js';
import { until } from './until.js';
import { type ClientItem, heldByServer, recipes } from './violation-clients.js';

/** One percent of the budget within 2 minutes, and still within the last one: both fit into the time of a test. */
const SHORT_WINDOWS = '1%/2m/1m';

/**
 * A gateway of its own over the Prometheus of a demo, with the demo's definition of what its incident breaks.
 * @param windows 'short' opens and resolves the violation within minutes
 */
export async function incidentGateway(
  folder: string,
  { victim }: Pick<RunningDemo, 'victim'>,
  windows: 'short' | 'default',
): Promise<TestGateway> {
  const clusters = /^clusters:\n(?: .*\n)+/m.exec(readFileSync(join(folder, 'slograph.yaml'), 'utf8'))?.[0];
  const slo = `detector-latency-${victim.replace('edge-', '')}`;
  const documents = readdirSync(join(folder, 'slos')).flatMap((file) =>
    readFileSync(join(folder, 'slos', file), 'utf8').split(/^---$/m),
  );
  const definition = documents.find((text) => text.includes(`\n  name: ${slo}\n`)) ?? '';
  const annotation = `  annotations:\n    slograph.dev/burn-rate-windows: ${SHORT_WINDOWS}\n`;
  const text = windows === 'short' ? definition.replace('  annotations:\n', annotation) : definition;
  return startGateway(`${clusters}definitions: [./slos]\nevaluation: { interval: 5s }`, { 'slos/detector.yaml': text });
}

/** Clients that follow the violations of a gateway, each with what it was told. */
export function followers({ url }: TestGateway): ReadonlyMap<string, readonly ClientItem[]> {
  const clients = { ...recipes, 'held by the server': heldByServer };
  return new Map(
    Object.entries(clients).map(([name, follow]) => {
      const seen: ClientItem[] = [];
      onTestFinished(follow(`${url.replace('http', 'ws')}/graphql`, (item) => void seen.push(item)));
      return [name, seen];
    }),
  );
}

/** Resolves when every client was told of a transition. */
export async function allTold(
  clients: ReadonlyMap<string, readonly ClientItem[]>,
  transition: string,
  deadlineMs: number,
): Promise<void> {
  const isTold = (items: readonly ClientItem[]) => items.some((item) => item.transition === transition);
  await until(`${transition} to be told to all`, () => [...clients.values()].every(isTold), deadlineMs);
}

/** Every client shows what the log has, in its order, and nothing else; only what is not acknowledged comes twice. */
export async function expectAsInLog(
  gateway: TestGateway,
  clients: ReadonlyMap<string, readonly ClientItem[]>,
): Promise<void> {
  const { data } = await gateway.query<{ streamInfo: { oldest: string } }>('{ streamInfo { oldest } }');
  const page = await fetch(`${gateway.url}/v1/violations?after=${data?.streamInfo.oldest}`);
  const { events: log } = (await page.json()) as { events: ClientItem[] };
  const told = ({ eventId, transition, violation }: ClientItem) =>
    `${eventId} ${transition} ${violation?.sloName} ${violation?.status}`;
  expect(log.map(({ transition }) => transition)).toEqual(expect.arrayContaining(['OPENED', 'RESOLVED']));
  for (const [name, items] of clients) {
    const events = items.filter(({ eventId }) => eventId !== undefined).map(told);
    expect([name, name === 'held by the server' ? [...new Set(events)] : events]).toEqual([name, log.map(told)]);
  }
}
