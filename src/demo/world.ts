import type { Incident, Timeline } from './incidents.js';
import { type Node, podsOf } from './topology.js';

/** Grows whenever a sample, a label or the layout of the data changes: older data are then thrown away. */
export const MODEL_VERSION = 3;

/** How long everything had been running when the history begins. */
const AGE_MS = 3 * 86_400_000;

/** What every sample depends on beside its series and the time. */
export interface World {
  /** When all pods started: counters are 0 there. */
  readonly startedMs: number;
  readonly timeline: Timeline;
  /** Incidents that take the processors of a node. */
  noiseOn(node: Node): readonly Incident[];
}

export function createWorld(historyFromMs: number, timeline: Timeline): World {
  return {
    startedMs: historyFromMs - AGE_MS,
    timeline,
    noiseOn: (node) => (node === victimNode(node.cluster) ? timeline.of('NOISY_NEIGHBOUR', node.cluster) : []),
  };
}

/** Where the detector of a site runs; undefined in a cluster without one. */
function victimNode(cluster: string): Node | undefined {
  return podsOf(cluster, 'detector')[0]?.node;
}
