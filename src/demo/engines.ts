import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that are neither ours nor npm's, by the package of Debian that holds them. */
export const engines = {
  prometheus: { commands: ['prometheus'], debianPackage: 'prometheus' },
  promtool: { commands: ['promtool'], debianPackage: 'prometheus' },
  alertmanager: { commands: ['alertmanager', 'prometheus-alertmanager'], debianPackage: 'prometheus-alertmanager' },
  nodeExporter: { commands: ['node_exporter', 'prometheus-node-exporter'], debianPackage: 'prometheus-node-exporter' },
  chromium: { commands: ['chromium', 'chromium-browser', 'google-chrome'], debianPackage: 'chromium' },
  postgres: { commands: ['postgres'], debianPackage: 'postgresql' },
  victoriaMetrics: { commands: ['victoria-metrics'], debianPackage: 'victoria-metrics' },
  openssl: { commands: ['openssl'], debianPackage: 'openssl' },
  kubectl: { commands: ['kubectl'], debianPackage: 'kubernetes-client' },
} as const;

export type Engine = keyof typeof engines;

/** Where an engine is installed, or null. */
export function findEngine(engine: Engine): string | null {
  const path = (process.env.PATH ?? '').split(delimiter);
  const folders = [...path, '/usr/local/bin', '/usr/bin', '/usr/sbin', '/sbin', ...postgresFolders()];
  for (const command of engines[engine].commands) {
    for (const folder of folders) {
      const path = join(folder, command);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here: look further.
      }
    }
  }
  return null;
}

/** Debian keeps every version of PostgreSQL in a folder of its own, out of PATH; the newest first. */
function postgresFolders(): readonly string[] {
  const parent = '/usr/lib/postgresql';
  try {
    const versions = readdirSync(parent).sort((one, other) => Number(other) - Number(one));
    return versions.map((version) => join(parent, version, 'bin'));
  } catch {
    return [];
  }
}

/**
 * Makes sure that engines are there: found on PATH, else installed from Debian's packages when root or password-less
 * sudo allow it. Installing never starts a service.
 * @throws Error that says in one line what to do
 */
export function provideEngines(wanted: readonly Engine[], say: (line: string) => void): Record<Engine, string> {
  const absent = wanted.filter((engine) => findEngine(engine) === null);
  if (absent.length > 0) {
    const packages = [...new Set(absent.map((engine) => engines[engine].debianPackage))];
    const byHand = `install ${packages.join(', ')} (Debian: sudo apt-get install --no-install-recommends ${packages.join(' ')}) and try again`;
    install(packages, byHand, say);
  }
  const found = wanted.map((engine) => {
    const path = findEngine(engine);
    if (path === null)
      throw new Error(
        `${engines[engine].commands[0]} is still not on PATH after installing ${engines[engine].debianPackage}`,
      );
    return [engine, path] as const;
  });
  return Object.fromEntries(found) as Record<Engine, string>;
}

function install(packages: readonly string[], byHand: string, say: (line: string) => void): void {
  if (!runs('apt-get', ['--version'])) throw new Error(`this machine has no apt-get: ${byHand}`);
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  if (prefix.length > 0 && !runs('sudo', ['-n', 'true']))
    throw new Error(`neither root nor password-less sudo: ${byHand}`);
  say(`installing ${packages.join(', ')} from Debian's packages ...`);
  const run = (...command: readonly string[]) => {
    call([...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', ...command]);
  };
  // With this script answering 101, a package's own start of its service is declined; one that exists is left alone.
  const policy = '/usr/sbin/policy-rc.d';
  const declines = 'test -e "$0" && exit 0; printf \'#!/bin/sh\\nexit 101\\n\' > "$0" && chmod 755 "$0" && echo made';
  const made = call([...prefix, 'sh', '-c', declines, policy]).trim() === 'made';
  try {
    run('apt-get', 'update', '-qq');
    run('apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages);
  } catch (error) {
    throw new Error(`apt-get could not install ${packages.join(', ')}: ${lastLine(error)}; ${byHand}`, {
      cause: error,
    });
  } finally {
    if (made) run('rm', '-f', policy);
  }
}

function call([file = '', ...args]: readonly string[]): string {
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 << 20 });
}

function runs(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function lastLine(error: unknown): string {
  const stderr = String((error as { stderr?: unknown }).stderr ?? '').trim();
  return stderr.split('\n').at(-1) || String(error);
}
