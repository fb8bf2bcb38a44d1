import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startChild, whenReady } from './child.js';
import { targetsOf } from './cloud.js';
import { type Database, fillHistory, scrape, startDatabases } from './databases.js';
import { provideEngines } from './engines.js';
import { serveTargets } from './exporters.js';
import { writeAlertmanagerConfig, writeGatewayFiles } from './files.js';
import { type Incident, NOISE_MS, nextVictim, pastIncidents, Timeline } from './incidents.js';
import { NODE_FLAGS } from './node-flags.js';
import { choosePorts, type DemoPorts, LOOPBACK } from './ports.js';
import { type Progress, progressOf } from './progress.js';
import { claimFolder, clearData, type DemoState, readState, writeState } from './state.js';
import { edgeSites } from './topology.js';
import { createWorld } from './world.js';

const DAY = 86_400_000;
/** Data older than this leave a hole that is not worth filling. */
const OLDEST_DATA_MS = 30 * DAY;
const READY_MS = 60_000;

export interface StartOptions {
  /** Where samples, violations and the state of the world are kept. */
  readonly dataFolder: string;
  readonly ports: DemoPorts;
  /** Where the gateway listens; beyond loopback it lets everybody in. */
  readonly host: string;
  /** 0.25..30 */
  readonly historyDays: number;
  /** From the gateway being ready to the noisy neighbour. */
  readonly incidentDelayMs: number;
  /** Throws away what earlier starts left. */
  readonly fresh: boolean;
  /** The built gateway. */
  readonly gatewayScript: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A demo that runs. */
export interface Demo {
  readonly addresses: {
    readonly graphql: string;
    readonly graphiql: string;
    readonly prometheus: readonly string[];
    readonly alertmanager: string;
  };
  /** Where slograph.yaml, the definitions and all data are. */
  readonly dataFolder: string;
  /** Whether data of an earlier start were used again. */
  readonly reused: boolean;
  readonly samplesWritten: number;
  readonly preparationMs: number;
  readonly incident: Incident;
  /** The same site was struck less than six hours before, so that windows of six hours see both. */
  readonly isRepeated: boolean;
  readonly historyFromMs: number;
  /** Resolves when one of the programs ends by itself, with its name and last lines. */
  readonly failed: Promise<string>;
  /** Ends everything, in reverse order. */
  stop(): Promise<void>;
}

/** The gateway that this build holds. */
export const builtGateway = fileURLToPath(new URL('../main.js', import.meta.url));

/**
 * Starts the whole demo; resolves when the gateway is ready and the incident is planned.
 * @throws Error in words for the user; everything that was started has been ended then
 */
export async function startDemo(options: StartOptions): Promise<Demo> {
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (let next = stops.pop(); next !== undefined; next = stops.pop()) await next();
  };
  try {
    return await build(options, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(
  options: StartOptions,
  stops: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<Demo> {
  const { dataFolder, host, say, signal } = options;
  const beganMs = Date.now();
  if (!existsSync(options.gatewayScript)) throw new Error(`${options.gatewayScript} is missing: run npm run build`);
  const { release } = claimFolder(dataFolder);
  stops.push(release);
  const engines = provideEngines(['prometheus', 'alertmanager'], say);
  const ports = await choosePorts(options.ports, say, host);
  const children: Child[] = [];
  const own = (child: Child) => {
    children.push(child);
    stops.push(() => child.stop());
    return child;
  };

  const { state, databases, reused } = await openData(options, ports, engines.prometheus, own);
  const timeline = new Timeline(state.incidents);
  const targets = targetsOf(createWorld(state.historyFromMs, timeline));
  const server = await serveTargets(targets, ports.exporters);
  stops.push(() => close(server));
  const progress = progressOf(
    reused
      ? 'filling the gap since the last start'
      : `preparing ${options.historyDays} ${options.historyDays === 1 ? 'day' : 'days'} of history`,
  );
  const samplesWritten = await prepare(databases, targets, state, progress, signal);
  await scrape(databases, targets, ports.exporters);

  const alertmanager = own(startAlertmanager(engines.alertmanager, dataFolder, ports));
  const config = writeGatewayFiles(dataFolder, ports, host);
  const gateway = own(
    startChild('the gateway', process.execPath, [
      ...NODE_FLAGS,
      options.gatewayScript,
      'serve',
      '--config',
      config,
      ...(isOpen(host) ? ['--insecure'] : []),
    ]),
  );
  const base = `http://${reachable(host)}:${ports.gateway}`;
  await whenReady(alertmanager, `http://127.0.0.1:${ports.alertmanager}/-/ready`, READY_MS, signal);
  await whenReady(gateway, `${base}/readyz`, READY_MS, signal);

  const incident = plan(state, options.incidentDelayMs);
  timeline.add(incident);
  writeState(dataFolder, { ...state, incidents: [...state.incidents, incident] });
  stops.push(() => {
    // What nobody has seen has not happened.
    if (Date.now() < incident.startMs) writeState(dataFolder, state);
  });
  return {
    addresses: {
      graphql: `${base}/graphql`,
      graphiql: `${base}/graphiql`,
      prometheus: databases.map(({ url }) => url),
      alertmanager: `http://127.0.0.1:${ports.alertmanager}`,
    },
    dataFolder,
    reused,
    samplesWritten,
    preparationMs: Date.now() - beganMs,
    incident,
    isRepeated: isRepeated(incident, state.incidents),
    historyFromMs: state.historyFromMs,
    failed: Promise.race(
      children
        .filter((child) => !child.hasEnded())
        .map(async (child) => `${child.name} ${await child.ended}\n${child.lastLines()}`),
    ),
    stop,
  };
}

/** Both Prometheus with the state their samples were made with: of the last start where that can be gone on with. */
async function openData(
  options: StartOptions,
  ports: DemoPorts,
  prometheus: string,
  own: (child: Child) => Child,
): Promise<{ readonly state: DemoState; readonly databases: readonly Database[]; readonly reused: boolean }> {
  const { dataFolder, say, signal } = options;
  const old = options.fresh ? null : readState(dataFolder);
  if (old !== null) {
    const databases = await startDatabases(prometheus, dataFolder, ports, own, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      return String(error);
    });
    const problem = typeof databases === 'string' ? databases : unusable(databases, Date.now());
    if (problem === null && typeof databases !== 'string') {
      const seenMs = Math.max(...databases.map(({ newestMs }) => newestMs ?? 0));
      const incidents = old.incidents.filter(({ startMs }) => startMs <= seenMs);
      return { state: { ...old, incidents }, databases, reused: true };
    }
    say(`the data in ${dataFolder} cannot be gone on with (${problem}): starting afresh`);
    if (typeof databases !== 'string') await Promise.all(databases.map(({ child }) => child.stop()));
  }
  clearData(dataFolder);
  const now = Date.now();
  const historyFromMs = now - options.historyDays * DAY;
  const state = { historyFromMs, incidents: pastIncidents(historyFromMs, now) };
  const databases = await startDatabases(prometheus, dataFolder, ports, own, signal);
  writeState(dataFolder, state);
  return { state, databases, reused: false };
}

function unusable(databases: readonly Database[], nowMs: number): string | null {
  const newest = databases.map((database) => database.newestMs);
  if (newest.some((at) => at === null)) return 'they are incomplete';
  if (newest.some((at) => (at as number) > nowMs + 60_000)) return 'they are newer than the clock';
  return newest.some((at) => nowMs - (at as number) > OLDEST_DATA_MS) ? 'they are older than 30 days' : null;
}

async function prepare(
  databases: readonly Database[],
  targets: ReturnType<typeof targetsOf>,
  { historyFromMs }: DemoState,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  try {
    const samples = await fillHistory(databases, targets, historyFromMs, progress.at, signal);
    // Where nothing was missing, nothing has reported.
    progress.at(1);
    return samples;
  } finally {
    progress.end();
  }
}

function startAlertmanager(command: string, folder: string, ports: DemoPorts): Child {
  return startChild('Alertmanager', command, [
    `--config.file=${writeAlertmanagerConfig(folder)}`,
    `--storage.path=${join(folder, 'alertmanager', 'data')}`,
    `--web.listen-address=127.0.0.1:${ports.alertmanager}`,
    '--cluster.listen-address=',
    '--log.level=warn',
  ]);
}

/** Whether others than this machine reach a host. */
export function isOpen(host: string): boolean {
  return !['127.0.0.1', '::1', 'localhost'].includes(host);
}

/** The name by which this machine reaches what listens there. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return LOOPBACK;
  return host.includes(':') ? `[${host}]` : host;
}

function plan(state: DemoState, delayMs: number): Incident {
  const startMs = Date.now() + delayMs;
  const cluster = nextVictim(edgeSites, state.incidents);
  return { kind: 'NOISY_NEIGHBOUR', cluster, startMs, endMs: startMs + NOISE_MS };
}

function isRepeated(incident: Incident, earlier: readonly Incident[]): boolean {
  const recent = ({ kind, cluster, endMs }: Incident) =>
    kind === incident.kind && cluster === incident.cluster && incident.startMs - endMs < 6 * 3_600_000;
  return earlier.some(recent);
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
