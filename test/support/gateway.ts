import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Client, createClient, type SubscribePayload } from 'graphql-ws';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { freePort, type Running, start } from './process.js';
import { until } from './until.js';

/** What `/graphql` answers. */
export interface GraphqlAnswer<T = Record<string, unknown>> {
  readonly data?: T | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions?: Readonly<Record<string, unknown>>;
  }[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** A built gateway in a process of its own. */
export interface TestGateway {
  readonly url: string;
  readonly folder: string;
  readonly process: Running;
  /** Ends it as an orchestrator does, and starts it again on the same port, configuration and store. */
  restart(): Promise<void>;
  query<T = Record<string, unknown>>(
    query: string,
    variables?: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<GraphqlAnswer<T>>;
  /** A graphql-ws client; it is closed when the test has finished. */
  client(connectionParams?: Record<string, unknown>): Client;
}

/** Starts the built gateway on a free port with a folder of its own; files are written into it first, by name. */
export async function startGateway(
  configYaml: string,
  files: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<TestGateway> {
  const program = resolve('dist/main.js');
  if (!existsSync(program)) throw new Error('dist/main.js is missing: run `npm run build` first');
  const folder = mkdtempSync(join(tmpdir(), 'slograph-gateway-'));
  const port = await freePort();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const config = join(folder, 'slograph.yaml');
  writeFileSync(
    config,
    `listen: { host: 127.0.0.1, port: ${port} }\nstore: { path: ./data/slograph.db }\n${configYaml}\n`,
  );
  const launch = () =>
    start(process.execPath, ['--enable-source-maps', program, 'serve', '--config', config], {
      cwd: folder,
      env: { ...process.env, ...env },
    });
  let running = launch();
  onTestFinished(async () => {
    await running.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  const ready = () =>
    until('the gateway to be ready', async () => {
      if (running.child.exitCode !== null) throw new Error(running.output());
      return (await fetch(`${url}/readyz`)).ok;
    });
  await ready();
  return {
    url,
    folder,
    get process() {
      return running;
    },
    async restart() {
      await running.stop();
      running = launch();
      await ready();
    },
    async query(query, variables = {}, headers = {}) {
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      return (await answer.json()) as GraphqlAnswer<never>;
    },
    client(connectionParams = {}) {
      const client = createClient({
        url: `${url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams,
      });
      onTestFinished(async () => void (await client.dispose()));
      return client;
    },
  };
}

/** Collects what a subscription delivers; `seen` grows as items arrive. */
export function collect<T = Record<string, unknown>>(
  client: Client,
  payload: SubscribePayload,
): { readonly seen: T[]; readonly errors: unknown[]; stop(): void } {
  const seen: T[] = [];
  const errors: unknown[] = [];
  const stop = client.subscribe<T>(payload, {
    next: (item) => {
      if (item.data != null) seen.push(item.data);
      if (item.errors !== undefined) errors.push(...item.errors);
    },
    error: (error) => errors.push(error),
    complete: () => {},
  });
  return { seen, errors, stop };
}
