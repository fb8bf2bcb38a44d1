import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Incident, IncidentKind } from './incidents.js';
import { MODEL_VERSION } from './world.js';

/** What a data folder remembers beside the samples: the parameters of the world they were made with. */
export interface DemoState {
  readonly historyFromMs: number;
  readonly incidents: readonly Incident[];
}

const kinds: readonly IncidentKind[] = ['NOISY_NEIGHBOUR', 'OUTAGE', 'DRILL'];

/** The remembered state; null when there is none, when it cannot be read, or when it belongs to another model. */
export function readState(folder: string): DemoState | null {
  try {
    const state = JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')) as Record<string, unknown>;
    if (state.modelVersion !== MODEL_VERSION || !isTime(state.historyFromMs) || !Array.isArray(state.incidents))
      return null;
    const incidents = state.incidents as Incident[];
    return incidents.every(isIncident) ? { historyFromMs: state.historyFromMs, incidents } : null;
  } catch {
    return null;
  }
}

/** Replaces the state as a whole, so that a crash leaves the old one or the new one. */
export function writeState(folder: string, state: DemoState): void {
  const file = join(folder, 'state.json');
  writeFileSync(`${file}.new`, `${JSON.stringify({ modelVersion: MODEL_VERSION, ...state }, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

function isIncident(value: unknown): value is Incident {
  const { kind, cluster, startMs, endMs } = (value ?? {}) as Partial<Incident>;
  return kinds.includes(kind as IncidentKind) && typeof cluster === 'string' && isTime(startMs) && isTime(endMs);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

/** Samples, violations and state of earlier starts; files that a user may have put there are left alone. */
export function clearData(folder: string): void {
  for (const name of ['state.json', 'prometheus-edge', 'prometheus-shared', 'alertmanager', 'gateway']) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/**
 * Makes the folder ours until `release`.
 * @throws Error when another demo that still runs has it
 */
export function claimFolder(folder: string): { release(): void } {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'demo.pid');
  const owner = readOwner(file);
  if (owner !== null && owner !== process.pid && isAlive(owner)) {
    throw new Error(
      `${folder} is in use by another demo (process ${owner}): end it, or choose another folder with --data`,
    );
  }
  writeFileSync(file, `${process.pid}\n`);
  return { release: () => rmSync(file, { force: true }) };
}

function readOwner(file: string): number | null {
  try {
    const pid = Number(readFileSync(file, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    // Numbers of processes come back: only one that looks like us counts.
    return /node|slograph|vitest/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return true;
  }
}
