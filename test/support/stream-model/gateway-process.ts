/** A gateway in a process of its own, which does what its parent orders: `open` first, with the file of its store. */
import type { Retention } from '../../../src/domain/ports.js';
import type { ViolationChange } from '../../../src/domain/violation.js';
import { createSqliteStore } from '../../../src/store/sqlite-store.js';
import { type ModelGateway, startModelGateway } from './gateway.js';

interface Order {
  readonly id: number;
  readonly order: string;
  readonly args: never;
}

let gateway: ModelGateway | undefined;

const orders: Record<string, (...args: never) => Promise<unknown> | undefined> = {
  async open(path: string) {
    gateway = await startModelGateway(await createSqliteStore({ path }));
    return { url: gateway.url, epoch: gateway.epoch };
  },
  append: (changes: readonly ViolationChange[], nowMs: number) => gateway?.append(changes, nowMs),
  prune: (retention: Retention) => gateway?.prune(retention),
  events: (after: number) => gateway?.events(after),
  stop: () => gateway?.stop(),
};

process.on('message', async ({ id, order, args }: Order) => {
  try {
    process.send?.({ id, result: await orders[order]?.(...args) });
  } catch (error) {
    process.send?.({ id, error: String(error) });
  }
});
// Its parent may have ended without a word.
process.on('disconnect', () => process.exit());
