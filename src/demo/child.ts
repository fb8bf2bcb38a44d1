import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** How long a child may take to end before it is killed. */
const GRACE_MS = 10_000;

/** A program of the demo, with the last lines it printed. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  lastLines(): string;
  stop(): Promise<void>;
}

/**
 * Starts a program that ends when we end: it is told by us, and by Linux when we were killed. Its stdout and stderr are
 * kept for reports, never mixed into ours.
 */
export function startChild(name: string, command: string, args: readonly string[]): Child {
  // A session of its own keeps Ctrl-C in the terminal for us: we then stop the children in order.
  const [file, ...all] = [...deathSignal, command, ...args];
  const child = spawn(file as string, all, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let lines: string[] = [];
  const keep = (part: Buffer) => {
    lines = [
      ...lines,
      ...part
        .toString()
        .split('\n')
        .filter((line) => line.trim() !== ''),
    ].slice(-15);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  let end: string | null = null;
  const ended = new Promise<string>((resolve) => {
    const finish = (how: string) => {
      end ??= how;
      resolve(end);
    };
    child.once('error', (error) => finish(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => finish(code === null ? `was ended by ${signal}` : `ended with code ${code}`));
  });
  return {
    name,
    pid: child.pid ?? -1,
    ended,
    hasEnded: () => end !== null,
    lastLines: () => lines.join('\n'),
    stop: () => stop(child, ended, () => end !== null),
  };
}

async function stop(child: ChildProcess, ended: Promise<string>, hasEnded: () => boolean): Promise<void> {
  if (hasEnded()) return;
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await ended;
  clearTimeout(hard);
}

/** util-linux' setpriv asks the kernel to end the child when its parent dies, also by SIGKILL. */
const deathSignal: readonly string[] = ['/usr/bin/setpriv', '/bin/setpriv']
  .filter((file) => existsSync(file))
  .slice(0, 1)
  .flatMap((file) => [file, '--pdeathsig', 'TERM']);

/**
 * Waits until an address answers with 2xx.
 * @throws Error with the child's last lines when it ends first, or when the deadline passes
 */
export async function whenReady(child: Child, url: string, deadlineMs: number, signal?: AbortSignal): Promise<void> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    signal?.throwIfAborted();
    if (child.hasEnded()) throw new Error(`${child.name} ${await child.ended}\n${child.lastLines()}`);
    const ok = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ok) return;
    if (Date.now() > end)
      throw new Error(`${child.name} is not ready after ${deadlineMs / 1_000} s\n${child.lastLines()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
