import { afterAll, beforeAll, describe, it } from 'vitest';
import { createPostgresStore } from '../../src/store/postgres-store.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { gatewaysHere, gatewaysOver } from '../support/stream-model/gateways.js';
import { playSequences } from '../support/stream-model/sequences.js';

const title =
  'tells every consumer the whole log in its order, whatever they and the gateway do: append, follow, leave, resume, expire, restart';

describe('the stream of violations', () => {
  it(
    `${title} (500 sequences over the embedded store)`,
    () => playSequences({ seed: 1, count: 500, killing: false }, gatewaysHere),
    900_000,
  );

  describe('over PostgreSQL', () => {
    let postgres: TestPostgres;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres.dispose());

    it(`${title} (20 sequences)`, () => {
      const gateways = () => {
        const urls = new Map<number, Promise<string>>();
        return gatewaysOver(async (store) => {
          const url = urls.get(store) ?? postgres.database();
          urls.set(store, url);
          return createPostgresStore({ url: await url, passwordFile: null });
        });
      };
      return playSequences({ seed: 2, count: 20, killing: false }, gateways);
    }, 300_000);
  });
});
