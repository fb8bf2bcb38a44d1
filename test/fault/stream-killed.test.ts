import { afterAll, beforeAll, it } from 'vitest';
import { type GatewayProcesses, gatewayProcesses } from '../support/stream-model/gateways.js';
import { killedRounds } from '../support/stream-model/killed-rounds.js';
import { playSequences } from '../support/stream-model/sequences.js';

let processes: GatewayProcesses;
beforeAll(async () => {
  processes = await gatewayProcesses();
});
afterAll(() => processes.dispose());

it.each([1, 2, 3])(
  'kill -9 during appends leaves no torn event and no hole, and what a client saw is in the store (seed %i, 6 times over)',
  async (seed) => console.log(await killedRounds(processes, { seed, rounds: 6 })),
  120_000,
);

it(
  'kill -9 between and during everything else loses no consumer anything (12 sequences)',
  () => playSequences({ seed: 3, count: 12, killing: true }, () => processes.gateways()),
  300_000,
);
