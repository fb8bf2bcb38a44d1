import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Crowd } from './clients.js';
import type { Order, Profile } from './orders.js';

const SERVER_CORE = '0';
const CLIENT_CORE = '1';
/** What a process has open beside its sockets. */
const OTHER_FILES = 200;

export interface Server {
  readonly url: string;
  readonly pid: number;
  /** Makes events, in one commit; answers when it was committed, in nanoseconds. */
  fire(count?: number): Promise<number>;
  collectGarbage(): Promise<void>;
  /** Where the server's time goes while something is done. */
  profile(act: () => Promise<unknown>): Promise<Profile>;
  stop(): Promise<void>;
}

/** What was found when all are subscribed: how long that took, in ms, and what the verification says. */
export interface Opened {
  readonly tookMs: number;
  readonly bookmark: string;
  readonly lost: number;
  readonly doubled: number;
}

export interface Arrived {
  /** Nanoseconds of each delivery. */
  readonly arrivals: readonly number[];
  readonly bytes: number;
}

export interface Clients {
  open(): Promise<Opened>;
  /** Resolves once they are ready to count; the inner promise once so many events have come to each. */
  expect(count: number): Promise<{ readonly arrived: Promise<Arrived> }>;
  stop(): Promise<void>;
}

/** Server and clients each have a core of their own where that can be arranged. */
export const pinned = availableParallelism() > 1 && spawnSync('taskset', ['-c', SERVER_CORE, 'true']).status === 0;

/** Sockets that one process may hold here, up to what is wanted; the limit of files is raised where that is allowed. */
export function socketsAllowed(wanted: number): number {
  // Node raises the soft limit to the hard one by itself.
  const [, hard] = /Max open files\s+\d+\s+(\d+|unlimited)/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  if (hard === undefined || hard === 'unlimited') return wanted;
  const needed = wanted + OTHER_FILES;
  if (Number(hard) >= needed) return wanted;
  const { status } = spawnSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${needed}:${needed}`]);
  return status === 0 ? wanted : Math.max(0, Number(hard) - OTHER_FILES);
}

export async function startServerProcess(name: 'ours' | 'stock' | 'raw', ...args: string[]): Promise<Server> {
  const child = run(SERVER_CORE, `serve-${name}`, args);
  const { url } = await answer<{ url: string }>(child);
  const ask = <T>(order: Order) => {
    const reply = answer<T>(child);
    child.send(order);
    return reply;
  };
  return {
    url,
    pid: child.pid ?? -1,
    fire: async (count = 1) => (await ask<{ committedNs: number }>({ kind: 'fire', count })).committedNs,
    collectGarbage: () => ask({ kind: 'gc' }),
    async profile(act) {
      await ask({ kind: 'profile', on: true });
      await act();
      return (await ask<{ profile: Profile }>({ kind: 'profile', on: false })).profile;
    },
    stop: () => stop(child),
  };
}

export async function startClients(crowd: Crowd): Promise<Clients> {
  const child = run(CLIENT_CORE, 'clients', [JSON.stringify(crowd)]);
  await answer(child);
  return {
    async open() {
      const reply = answer<Opened>(child);
      child.send({ kind: 'open', count: 0 });
      return reply;
    },
    async expect(count) {
      const armed = answer(child);
      child.send({ kind: 'expect', count });
      await armed;
      return { arrived: answer<Arrived>(child) };
    },
    stop: () => stop(child),
  };
}

/** taskset becomes the program, so that the process id is the program's. */
function run(core: string, name: string, args: readonly string[]): ChildProcess {
  const program = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  const command = [...(pinned ? ['taskset', '-c', core] : []), process.execPath, '--expose-gc', program, ...args];
  return spawn(command[0] as string, command.slice(1), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
}

function answer<T = void>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error(`a program ended: ${child.spawnargs.join(' ').slice(0, 200)}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as T);
    });
  });
}

/** A program that is left alone ends, and removes what it made. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}
