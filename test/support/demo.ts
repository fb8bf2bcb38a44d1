import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createClient } from 'graphql-ws';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type Running, start } from './process.js';
import { until } from './until.js';

/** A demo that runs as a user starts it, on ports of its own. */
export interface RunningDemo {
  readonly process: Running;
  readonly graphql: string;
  readonly graphiql: string;
  readonly prometheus: readonly string[];
  readonly alertmanager: string;
  /** Cluster whose detector the noisy neighbour throttles. */
  readonly victim: string;
  /** From the start of the process to ready. */
  readonly readyAfterMs: number;
}

/** A folder for a demo's data, gone when the test has finished. */
export function demoFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'slograph-demo-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts the built demo and waits until it says that it is ready. */
export async function startDemo(folder: string, flags: readonly string[] = []): Promise<RunningDemo> {
  const anyPort = [
    '--port',
    '--prometheus-edge-port',
    '--prometheus-shared-port',
    '--alertmanager-port',
    '--exporters-port',
  ];
  const ports = anyPort.flatMap((flag) => [flag, '0']);
  const beganMs = Date.now();
  const running = start(process.execPath, [resolve('dist/main.js'), 'demo', '--data', folder, ...ports, ...flags]);
  onTestFinished(async () => void (await running.stop()));
  await until(
    'the demo to be ready',
    () => {
      if (running.child.exitCode !== null) throw new Error(running.output());
      return running.output().includes('Ctrl-C ends everything');
    },
    180_000,
  );
  const addresses = [...running.output().matchAll(/http:\/\/127\.0\.0\.1:\d+\S*/g)].map(([address]) => address);
  const [graphiql, graphql, edge, shared, alertmanager] = addresses as [string, string, string, string, string];
  const victim = /the detector of (\S+)/.exec(running.output())?.[1] ?? '';
  const readyAfterMs = Date.now() - beganMs;
  return { process: running, graphql, graphiql, prometheus: [edge, shared], alertmanager, victim, readyAfterMs };
}

/** Sends an operation over HTTP. */
export async function query(url: string, text: string): Promise<Record<string, unknown>> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: text }),
  });
  const { data, errors } = (await answer.json()) as { data?: Record<string, unknown>; errors?: unknown };
  if (errors !== undefined || data === undefined) throw new Error(`GraphQL answered ${JSON.stringify(errors)}`);
  return data;
}

export interface SeenViolation {
  readonly transition: string;
  readonly violation: {
    readonly id: string;
    readonly kind: string;
    readonly severity: string;
    readonly status: string;
    readonly longWindow: string | null;
    readonly slo: { readonly name: string };
  };
}

/** Events of a subscription to violations, as a real client sees them. */
export function watchViolations(graphql: string): readonly SeenViolation[] {
  const seen: SeenViolation[] = [];
  const client = createClient({ url: graphql.replace('http:', 'ws:'), webSocketImpl: WebSocket, retryAttempts: 0 });
  onTestFinished(() => client.dispose());
  const text = `subscription { violations {
    ... on ViolationEvent { transition violation { id kind severity status longWindow slo { name } } }
  } }`;
  client.subscribe<{ violations: SeenViolation | Record<string, never> }>(
    { query: text },
    {
      next({ data }) {
        if (data !== undefined && data !== null && 'transition' in data.violations)
          seen.push(data.violations as SeenViolation);
      },
      error: (error) => {
        throw error;
      },
      complete: () => {},
    },
  );
  return seen;
}

/** Alerts that Alertmanager shows as active, by their labels. */
export async function activeAlerts(alertmanager: string): Promise<readonly Record<string, string>[]> {
  const answer = await fetch(`${alertmanager}/api/v2/alerts?active=true`);
  const alerts = (await answer.json()) as { labels: Record<string, string> }[];
  return alerts.map(({ labels }) => labels);
}
