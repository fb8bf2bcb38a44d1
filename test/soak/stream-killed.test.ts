import { afterAll, beforeAll, it } from 'vitest';
import { type GatewayProcesses, gatewayProcesses } from '../support/stream-model/gateways.js';
import { killedRounds } from '../support/stream-model/killed-rounds.js';
import { playSequences } from '../support/stream-model/sequences.js';

let processes: GatewayProcesses;
beforeAll(async () => {
  processes = await gatewayProcesses();
});
afterAll(() => processes.dispose());

it('kill -9 during appends leaves no torn event and no hole, and what a client saw is in the store, 1,000 times over', async () => {
  for (let seed = 1; seed <= 50; seed += 1) console.log(await killedRounds(processes, { seed, rounds: 20 }));
}, 7_200_000);

it('kill -9 between and during everything else loses no consumer anything (1,000 sequences)', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    await playSequences({ seed, count: 50, killing: true }, () => processes.gateways());
  }
}, 7_200_000);
