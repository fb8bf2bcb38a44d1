import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { findEngine } from '../../src/demo/engines.js';
import { freePort, type Running, start } from './process.js';
import { until } from './until.js';

/** A real PostgreSQL with a directory of its own; the caller disposes of it. */
export interface TestPostgres {
  /** Makes an empty database. @returns its URL */
  database(): Promise<string>;
  /** Runs a statement in a database. */
  run(url: string, statement: string): Promise<readonly Record<string, unknown>[]>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  dispose(): Promise<void>;
}

/** PostgreSQL refuses to run as root: it runs as the user that its Debian package made. */
function plainUser(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** Starts a server that lets everybody on loopback in as `slograph`, and `guarded` with the password `secret word`. */
export async function startPostgres(): Promise<TestPostgres> {
  const server = findEngine('postgres');
  if (server === null) throw new Error('postgres is not installed');
  const directory = mkdtempSync(join(tmpdir(), 'slograph-postgres-'));
  chmodSync(directory, 0o755);
  const user = plainUser();
  if (user !== null) chownSync(directory, user.uid, user.gid);
  const asUser = { ...(user ?? {}), cwd: directory };
  const data = join(directory, 'data');
  const initdb = ['-D', data, '-A', 'trust', '-U', 'slograph', '-E', 'UTF8', '--no-locale', '--no-sync'];
  execFileSync(join(dirname(server), 'initdb'), initdb, { ...asUser, stdio: 'pipe' });
  writeFileSync(
    join(data, 'pg_hba.conf'),
    'host all slograph 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n',
  );
  const port = await freePort();
  const urlOf = (database: string) => `postgres://slograph@127.0.0.1:${port}/${database}`;
  const launch = async (): Promise<Running> => {
    const running = start(server, ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', ''], asUser);
    await until('postgres to answer', async () => {
      if (running.child.exitCode !== null) throw new Error(running.output());
      return (await run(urlOf('postgres'), 'SELECT 1')).length === 1;
    });
    return running;
  };
  let running = await launch();
  await run(urlOf('postgres'), "CREATE ROLE guarded LOGIN PASSWORD 'secret word'");
  let databases = 0;
  return {
    async database() {
      databases += 1;
      await run(urlOf('postgres'), `CREATE DATABASE d${databases}`);
      return urlOf(`d${databases}`);
    },
    run,
    async stop(signal) {
      // A child that has not noticed yet that the server is gone would still answer.
      const children = readFileSync(`/proc/${running.pid}/task/${running.pid}/children`, 'utf8').trim().split(' ');
      await running.stop(signal);
      for (const pid of children.map(Number)) {
        await until('the children of postgres to end', () => {
          if (!existsSync(`/proc/${pid}`)) return true;
          if (signal === 'SIGKILL') process.kill(pid, signal);
          return false;
        });
      }
    },
    async restart() {
      running = await launch();
    },
    async dispose() {
      await running.stop('SIGQUIT');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function run(url: string, statement: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}
