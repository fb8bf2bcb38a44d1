import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findEngine } from '../../../src/demo/engines.js';
import { NODE_FLAGS } from '../../../src/demo/node-flags.js';
import { freePort, type Running, start } from '../../support/process.js';
import { until } from '../../support/until.js';
import { writeHistory } from './world.js';

/** A program under measurement. */
export interface Program {
  readonly url: string;
  readonly pid: number;
  readonly child: ChildProcess;
}

/** What was started, and how all of it ends. */
export interface Programs {
  prometheus(say: (line: string) => void): Promise<string>;
  gateway(prometheusUrl: string): Promise<Program>;
  /** A program of this folder; it sends its `url` when it serves. */
  own(name: 'stock' | 'plain', argument: string): Promise<Program>;
  floor(): Program;
  stop(): Promise<void>;
}

export function createPrograms(): Programs {
  const folder = mkdtempSync(join(tmpdir(), 'slograph-bench-'));
  const running: Running[] = [];
  const forked: ChildProcess[] = [];
  const node = { ...process.env, NODE_ENV: 'production' };

  function run(name: string, args: readonly string[]): ChildProcess {
    const child = fork(fileURLToPath(new URL(`./${name}.js`, import.meta.url)), [...args], { env: node });
    forked.push(child);
    return child;
  }

  return {
    async prometheus(say) {
      const known = process.env.SLOGRAPH_BENCH_PROMETHEUS;
      if (known !== undefined) return known;
      const binary = findEngine('prometheus');
      if (binary === null) throw new Error('prometheus is not installed');
      const config = join(folder, 'prometheus.yml');
      writeFileSync(config, '');
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const prometheus = start(binary, [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'prometheus')}`,
        '--storage.tsdb.retention.time=20y',
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-remote-write-receiver',
        '--log.level=warn',
      ]);
      running.push(prometheus);
      await until(`prometheus on ${url}`, async () => (await fetch(`${url}/-/ready`)).ok);
      await writeHistory(url, say);
      return url;
    },
    async gateway(prometheusUrl) {
      const own = mkdtempSync(join(folder, 'gateway-'));
      mkdirSync(join(own, 'data'));
      const port = await freePort();
      const config = join(own, 'slograph.yaml');
      writeFileSync(
        config,
        `listen: { host: 127.0.0.1, port: ${port} }
store: { path: ./data/slograph.db }
logLevel: warn
clusters:
  - { name: edge, prometheus: { url: '${prometheusUrl}' }, match: { cluster: edge } }
  - { name: fleet, prometheus: { url: '${prometheusUrl}' }, match: { cluster: fleet } }
`,
      );
      const flags = (process.env.SLOGRAPH_BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');
      const args = [...NODE_FLAGS, ...flags, resolve('dist/main.js'), 'serve', '--config', config];
      const gateway = start(process.execPath, args, {
        env: node,
      });
      running.push(gateway);
      const url = `http://127.0.0.1:${port}`;
      await until('the gateway to be ready', async () => {
        if (gateway.child.exitCode !== null) throw new Error(gateway.output());
        return (await fetch(`${url}/readyz`)).ok;
      });
      return { url: `${url}/graphql`, pid: gateway.pid, child: gateway.child };
    },
    async own(name, argument) {
      const child = run(name, [argument]);
      const served = once(child, 'message') as Promise<[{ url: string }]>;
      const ended = once(child, 'exit').then(([code]) => {
        throw new Error(`${name} ended with ${code} before it served`);
      });
      const [{ url }] = await Promise.race([served, ended]);
      // It is ended like the others, when all has been measured.
      ended.catch(() => {});
      return { url, pid: child.pid ?? -1, child };
    },
    floor() {
      const child = run('floor', []);
      return { url: '', pid: child.pid ?? -1, child };
    },
    async stop() {
      for (const child of forked) {
        if (child.exitCode !== null) continue;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
      for (const program of running) await program.stop('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
