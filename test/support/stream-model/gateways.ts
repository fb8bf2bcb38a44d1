import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import type { GatewayStore } from '../../../src/store/sql-store.js';
import { createSqliteStore } from '../../../src/store/sqlite-store.js';
import { type ModelGateway, startModelGateway } from './gateway.js';

/** Where the gateways of one sequence come from, one after the other. */
export interface Gateways {
  /** On the store of that number: the same one goes on where another has ended. */
  start(store: number): Promise<Started>;
  /** Ends what is left of them. */
  dispose(): Promise<void>;
}

export interface Started extends ModelGateway {
  /** Ends its process without a goodbye, where it has one of its own. */
  kill?(): Promise<void>;
}

/** In this process, where they cost next to nothing: real servers over real stores. */
export function gatewaysOver(open: (store: number) => Promise<GatewayStore>): Gateways {
  return { start: async (number) => startModelGateway(await open(number)), dispose: async () => {} };
}

/** In this process, over embedded stores in a folder that is gone afterwards. */
export function gatewaysHere(): Gateways {
  const folder = mkdtempSync(join(tmpdir(), 'slograph-model-'));
  return {
    ...gatewaysOver((number) => createSqliteStore({ path: join(folder, `${number}.db`) })),
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Processes that can be killed, over embedded stores. */
export interface GatewayProcesses {
  /** Gateways of a sequence; those of two sequences have nothing in common. */
  gateways(): Gateways;
  dispose(): Promise<void>;
}

export async function gatewayProcesses(): Promise<GatewayProcesses> {
  const program = await bundle();
  const children = new Set<ChildProcess>();
  const launch = () => {
    const child = fork(program, [], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  // A process reads its program while the one before it is at work.
  let spare = launch();
  return {
    gateways() {
      const folder = mkdtempSync(join(tmpdir(), 'slograph-model-'));
      return {
        async start(number) {
          const child = spare;
          spare = launch();
          return startedIn(child, join(folder, `${number}.db`));
        },
        async dispose() {
          await Promise.all([...children].filter((child) => child !== spare).map(killed));
          rmSync(folder, { recursive: true, force: true });
        },
      };
    },
    async dispose() {
      await Promise.all([...children].map(killed));
      rmSync(program);
    },
  };
}

/** One file instead of hundreds, so that a process begins in half the time. @returns its path */
async function bundle(): Promise<string> {
  // The native module is not part of it and is found from here.
  const outDir = 'node_modules/.cache/slograph-model';
  const entryFileNames = `gateway-${process.pid}.js`;
  await build({
    configFile: false,
    logLevel: 'warn',
    oxc: { decorator: { legacy: true, emitDecoratorMetadata: false } },
    ssr: { noExternal: true, external: ['libsql'] },
    build: {
      ssr: 'test/support/stream-model/gateway-process.ts',
      outDir,
      emptyOutDir: false,
      target: 'node20',
      rolldownOptions: { output: { entryFileNames } },
    },
  });
  return join(outDir, entryFileNames);
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

async function startedIn(child: ChildProcess, path: string): Promise<Started> {
  const asked = new Map<number, (reply: Reply) => void>();
  let asks = 0;
  child.on('message', (reply: Reply) => asked.get(reply.id)?.(reply));
  const ask = <T>(order: string, ...args: readonly unknown[]): Promise<T> =>
    new Promise((resolve, reject) => {
      asks += 1;
      asked.set(asks, ({ result, error }) => (error === undefined ? resolve(result as T) : reject(new Error(error))));
      // One that was killed meanwhile does not answer.
      child.send({ id: asks, order, args }, () => {});
    });
  const { url, epoch } = await ask<{ url: string; epoch: string }>('open', path);
  return {
    url,
    epoch,
    append: (changes, nowMs) => ask('append', changes, nowMs),
    prune: (retention) => ask('prune', retention),
    events: (after) => ask('events', after),
    async stop() {
      if (child.connected) await Promise.race([ask('stop'), once(child, 'exit')]);
      await killed(child);
    },
    kill: () => killed(child),
  };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  // What it said before its end is read before its end is told.
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
