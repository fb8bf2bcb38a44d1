import { it } from 'vitest';
import { gatewaysHere } from '../support/stream-model/gateways.js';
import { playSequences } from '../support/stream-model/sequences.js';

it('every consumer is told the whole log in its order, whatever they and the gateway do (20,000 sequences)', async () => {
  for (let seed = 1; seed <= 40; seed += 1) await playSequences({ seed, count: 500, killing: false }, gatewaysHere);
}, 14_400_000);
