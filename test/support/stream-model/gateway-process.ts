/** A gateway in a process of its own, which does what its parent orders: `open` first, with the file of its store. */
import type { ViolationChange } from '../../../src/domain/violation.js';
import { createSqliteStore } from '../../../src/store/sqlite-store.js';
import { type ModelGateway, startModelGateway } from './gateway.js';

interface Order {
  readonly id: number;
  readonly order: string;
  readonly argument: never;
}

let gateway: ModelGateway | undefined;

const orders: Record<string, (argument: never) => Promise<unknown> | undefined> = {
  async open(path: string) {
    gateway = await startModelGateway(await createSqliteStore({ path }));
    return { url: gateway.url, epoch: gateway.epoch };
  },
  append: (changes: readonly ViolationChange[]) => gateway?.append(changes),
  prune: (maxEvents: number) => gateway?.prune(maxEvents),
  events: (after: number) => gateway?.events(after),
  stop: () => gateway?.stop(),
};

process.on('message', async ({ id, order, argument }: Order) => {
  try {
    process.send?.({ id, result: await orders[order]?.(argument) });
  } catch (error) {
    process.send?.({ id, error: String(error) });
  }
});
// Its parent may have ended without a word.
process.on('disconnect', () => process.exit());
