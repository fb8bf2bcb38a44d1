import { targetsOf } from '../../../src/demo/cloud.js';
import { type Incident, NOISE_MS, Timeline } from '../../../src/demo/incidents.js';
import type { Target } from '../../../src/demo/target.js';
import { createWorld } from '../../../src/demo/world.js';

/** When the histories of these tests begin. */
export const FROM = Date.UTC(2026, 0, 1);
export const DAY = 86_400_000;

/** The targets of a world with the given incidents. */
export function targetsWith(incidents: readonly Incident[] = [], fromMs = FROM): readonly Target[] {
  return targetsOf(createWorld(fromMs, new Timeline(incidents)));
}

export function noise(cluster: string, startMs: number): Incident {
  return { kind: 'NOISY_NEIGHBOUR', cluster, startMs, endMs: startMs + NOISE_MS };
}
