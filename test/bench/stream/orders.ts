/** What a server of this benchmark does when it is told, the same for all of them. */
import { type Profiler, Session } from 'node:inspector';
import { setImmediate } from 'node:timers/promises';

export type Order =
  /** Commits so many events at once and sends them. */
  | { readonly kind: 'fire'; readonly count: number }
  | { readonly kind: 'gc' }
  | { readonly kind: 'profile'; readonly on: boolean };

/** Where the time went: shares of all samples that were not idle, the greatest first. */
export type Profile = readonly (readonly [place: string, share: number])[];

/** @param fire answers with the time of the commit, in nanoseconds */
export function obey(url: string, fire: (count: number) => Promise<number> | number): void {
  const session = new Session();
  session.connect();
  process.on('disconnect', () => process.exit(0));
  process.on('message', async (order: Order) => {
    if (order.kind === 'fire') {
      const committedNs = await fire(order.count);
      // Answering is no part of what is measured: it does not come between a commit and what is sent then.
      await setImmediate();
      process.send?.({ committedNs });
    } else if (order.kind === 'gc') {
      globalThis.gc?.();
      process.send?.({});
    } else if (order.on) {
      session.post('Profiler.enable');
      session.post('Profiler.setSamplingInterval', { interval: 200 });
      session.post('Profiler.start', () => process.send?.({}));
    } else {
      session.post('Profiler.stop', (_error, { profile }) => {
        session.post('Profiler.disable');
        process.send?.({ profile: placesOf(profile) });
      });
    }
  });
  process.send?.({ url });
}

function placesOf({ nodes, samples = [] }: Profiler.Profile): Profile {
  const placeOf = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const counts = new Map<string, number>();
  for (const sample of samples) {
    const place = placeOf.get(sample) ?? '?';
    if (place !== '(idle)') counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  const busy = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .slice(0, 10)
    .map(([place, count]) => [place, Number((count / busy).toFixed(3))]);
}

function nameOf({ functionName, url }: { readonly functionName: string; readonly url: string }): string {
  const file = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/src\//, '');
  return [functionName || '(anonymous)', file].join(' ').trim();
}
