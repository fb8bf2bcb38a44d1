import fc from 'fast-check';
import type { GatewayProcesses } from './gateways.js';
import { kills } from './sequences.js';
import type { Step } from './step.js';
import { play } from './world.js';

/**
 * Kills gateways one after the other on the same store, each in the middle of appends that everybody follows, and judges
 * after the last what the store holds and what everybody was told.
 * @returns what was met, in words
 */
export async function killedRounds(
  processes: GatewayProcesses,
  { seed, rounds }: { readonly seed: number; readonly rounds: number },
): Promise<string> {
  const deaths = fc.sample(kills, { seed, numRuns: rounds });
  const steps = deaths.flatMap((kill): Step[] => [{ do: 'gather' }, { do: 'settle' }, kill]);
  const { events, lost, unheard, connections, told } = await play(processes.gateways(), steps);
  return `seed ${seed}: ${rounds} kills, ${events} events stored, ${lost} of those under way lost and ${unheard} kept without an answer, ${told} items told over ${connections} connections: as it should be`;
}
