import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Crowd } from './clients.js';

const SERVER_CORE = '0';
const CLIENT_CORE = '1';

export interface Server {
  readonly url: string;
  readonly pid: number;
  /** Makes one event; answers when it was committed, in nanoseconds. */
  fire(): Promise<number>;
  collectGarbage(): Promise<void>;
  stop(): Promise<void>;
}

export interface Clients {
  /** How long it took until all were subscribed, in ms, and what the verification found. */
  open(): Promise<{ tookMs: number; bookmark: string; lost: number; doubled: number }>;
  /** Resolves once they are ready to count; the inner promise once all events have arrived. */
  expect(count: number): Promise<{ arrived: Promise<{ arrivals: number[]; bytes: number }> }>;
  stop(): Promise<void>;
}

export async function startServerProcess(name: 'ours' | 'stock' | 'raw', ...args: string[]): Promise<Server> {
  const child = run(SERVER_CORE, `serve-${name}`, args);
  const { url } = await answer<{ url: string }>(child);
  return {
    url,
    pid: child.pid ?? -1,
    async fire() {
      const reply = answer<{ committedNs: number }>(child);
      child.send({ kind: 'fire' });
      return (await reply).committedNs;
    },
    async collectGarbage() {
      const reply = answer(child);
      child.send({ kind: 'gc' });
      await reply;
    },
    stop: () => stop(child),
  };
}

export async function startClients(crowd: Crowd): Promise<Clients> {
  const child = run(CLIENT_CORE, 'clients', [JSON.stringify(crowd)]);
  await answer(child);
  return {
    async open() {
      const reply = answer<{ tookMs: number; bookmark: string; lost: number; doubled: number }>(child);
      child.send({ kind: 'open', count: 0 });
      return reply;
    },
    async expect(count) {
      const armed = answer(child);
      child.send({ kind: 'expect', count });
      await armed;
      return { arrived: answer<{ arrivals: number[]; bytes: number }>(child) };
    },
    stop: () => stop(child),
  };
}

/** taskset becomes the program, so that the process id is the program's. */
function run(core: string, name: string, args: readonly string[]): ChildProcess {
  const program = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  return spawn('taskset', ['-c', core, process.execPath, '--expose-gc', program, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
}

function answer<T = unknown>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error(`a program ended: ${child.spawnargs.join(' ').slice(0, 200)}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as T);
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
