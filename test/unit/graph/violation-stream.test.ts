import 'reflect-metadata';
import fc from 'fast-check';
import { type ExecutionResult, parse, subscribe } from 'graphql';
import { describe, expect, it } from 'vitest';
import { everything, type Scope, scopeOf } from '../../../src/domain/access.js';
import { StoreError } from '../../../src/domain/errors.js';
import type { LogPosition, ViolationStore } from '../../../src/domain/ports.js';
import type { ViolationEvent } from '../../../src/domain/violation.js';
import { createGraphContext } from '../../../src/graph/context.js';
import { decodeStreamCursor, encodePageCursor, encodeStreamCursor } from '../../../src/graph/cursor.js';
import {
  StreamBookmarkType,
  StreamResetType,
  ViolationEventType,
  type ViolationFilter,
  type ViolationStreamItem,
} from '../../../src/graph/violation.type.js';
import { violationTest } from '../../../src/graph/violation-list.js';
import { openViolationStream } from '../../../src/graph/violation-stream.js';
import { event, portsOf, schema, storeOf, T0, violation } from './graph-world.js';

interface Options {
  readonly log?: ViolationEvent[];
  readonly epoch?: string;
  readonly after?: LogPosition | null;
  readonly snapshot?: boolean;
  readonly scope?: Scope;
  readonly filter?: ViolationFilter;
  readonly store?: (store: ViolationStore) => ViolationStore;
}

/** A log that is appended to, and a stream that reads it; time passes when the test says so. */
function logWith({ log = [], epoch = 'e1', scope = everything, filter, ...options }: Options = {}) {
  const listeners = new Set<() => void>();
  const timers = new Set<() => void>();
  const head = () => ({ epoch, seq: log.at(-1)?.seq ?? 0 });
  const store = storeOf([], log, head);
  return {
    listeners,
    timers,
    append(...events: readonly ViolationEvent[]): void {
      log.push(...events);
      for (const listener of listeners) listener();
    },
    passSilence(): void {
      for (const callback of [...timers]) {
        timers.delete(callback);
        callback();
      }
    },
    open: () =>
      openViolationStream({
        store: options.store?.(store) ?? store,
        feed: {
          onAppend(listener) {
            listeners.add(listener);
            return () => listeners.delete(listener);
          },
        },
        scope,
        matches: violationTest(filter, scope, ({ application }) => application),
        after: options.after ?? null,
        snapshot: options.snapshot ?? true,
        gridMs: 5_000,
        timing: {
          silenceMs: 15_000,
          now: () => T0,
          startTimer(callback) {
            timers.add(callback);
            return () => timers.delete(callback);
          },
        },
      }),
  };
}

/** `+3` for an event with cursor 3, `|3` for a bookmark that ends a snapshot or a replay, `.3` for one after silence. */
function short(item: ViolationStreamItem | undefined): string {
  if (item instanceof ViolationEventType) return `+${decodeStreamCursor(item.cursor).seq}`;
  if (item instanceof StreamBookmarkType) {
    return `${item.snapshotComplete ? '|' : '.'}${decodeStreamCursor(item.cursor).seq}`;
  }
  return item instanceof StreamResetType ? `${item.reason}>${decodeStreamCursor(item.oldestAvailable).seq}` : 'end';
}

async function take(stream: AsyncIterator<ViolationStreamItem>, count: number): Promise<readonly string[]> {
  const items: string[] = [];
  while (items.length < count) items.push(short((await stream.next()).value));
  return items;
}

describe('the stream of violations', () => {
  it('begins with what is open, ends that with a bookmark at the head, then goes on', async () => {
    const log = logWith({
      log: [
        event(1),
        event(2),
        event(3, { transition: 'RESOLVED', violation: violation({ id: 'v1', status: 'RESOLVED' }) }),
      ],
    });
    const stream = await log.open();

    expect(await take(stream, 2)).toEqual(['+2', '|3']);
    const next = take(stream, 1);
    log.append(event(4));
    expect(await next).toEqual(['+4']);
    await stream.return?.();
  });

  it('begins at the head where no snapshot is wanted', async () => {
    const log = logWith({ log: [event(1)], snapshot: false });
    const stream = await log.open();
    log.append(event(2));

    expect(await take(stream, 2)).toEqual(['|1', '+2']);
    await stream.return?.();
  });

  it('replays all since a cursor, whatever it was, then a bookmark, then goes on', async () => {
    const log = logWith({ log: [1, 2, 3, 4].map((seq) => event(seq)), after: { epoch: 'e1', seq: 2 } });
    const stream = await log.open();
    log.append(event(5));

    expect(await take(stream, 4)).toEqual(['+3', '+4', '|4', '+5']);
    await stream.return?.();
  });

  it('has a bookmark at once for a reader that missed nothing', async () => {
    const stream = await logWith({ log: [event(1)], after: { epoch: 'e1', seq: 1 } }).open();

    expect(await take(stream, 1)).toEqual(['|1']);
    await stream.return?.();
  });

  it('neither loses nor repeats what is appended between snapshot and tail', async () => {
    const log = logWith({
      log: [event(1)],
      store: (store) => ({
        ...store,
        async snapshot(scope) {
          const snapshot = await store.snapshot(scope);
          log.append(event(2));
          return snapshot;
        },
        async events(after, limit) {
          const events = await store.events(after, limit);
          if (after === 2) log.append(event(3));
          return events;
        },
      }),
    });
    const stream = await log.open();

    expect(await take(stream, 4)).toEqual(['+1', '|1', '+2', '+3']);
    await stream.return?.();
  });

  it.each([
    { after: { epoch: 'e0', seq: 7 }, first: 'EPOCH_CHANGED>3', because: 'is of another store' },
    { after: { epoch: 'e1', seq: 2 }, first: 'EXPIRED>3', because: 'lies before what is kept' },
  ])('announces the gap and begins anew when the cursor $because', async ({ after, first }) => {
    const stream = await logWith({ log: [event(4), event(5)], after }).open();

    expect(await take(stream, 4)).toEqual([first, '+4', '+5', '|5']);
    await stream.return?.();
  });

  it('announces a gap when what a slow reader had yet to read is no longer kept', async () => {
    const log = [event(1), event(2)];
    const world = logWith({ log });
    const stream = await world.open();
    expect(await take(stream, 3)).toEqual(['+1', '+2', '|2']);

    log.splice(0, 2);
    world.append(event(7));
    expect(await take(stream, 3)).toEqual(['EXPIRED>6', '+7', '|7']);
    await stream.return?.();
  });

  it('announces a gap at once also when nothing at all is left behind a reader', async () => {
    const log = [event(1), event(2)];
    const head = { epoch: 'e1', seq: 9 };
    let oldest = 1;
    const store = (base: ViolationStore) => ({
      ...base,
      position: async () => ({ head: oldest === 1 ? { ...head, seq: 2 } : head, oldest }),
      snapshot: async () => ({ head, events: [] }),
    });
    const stream = await logWith({ log, after: { epoch: 'e1', seq: 2 }, store }).open();
    log.splice(0, 2);
    oldest = 10;

    expect(await take(stream, 3)).toEqual(['|2', 'EXPIRED>9', '|9']);
    await stream.return?.();
  });

  it('announces a gap behind an event that was kept because its violation is open', async () => {
    const log = [event(1), event(2)];
    const world = logWith({ log });
    const stream = await world.open();
    expect(await take(stream, 3)).toEqual(['+1', '+2', '|2']);

    log.push(event(3));
    world.append(event(7));
    expect(await take(stream, 7)).toEqual(['+3', 'EXPIRED>6', '+1', '+2', '+3', '+7', '|7']);
    await stream.return?.();
  });

  it('refuses a cursor that lies ahead of the log, and listens no longer', async () => {
    const log = logWith({ log: [event(1)], after: { epoch: 'e1', seq: 2 } });

    await expect(log.open()).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect(log.listeners.size).toBe(0);
  });

  it('sends a bookmark after silence, also past what the filter holds back', async () => {
    const log = logWith({ snapshot: false, filter: { severity: ['TICKET'] } });
    const stream = await log.open();
    expect(await take(stream, 1)).toEqual(['|0']);

    const next = take(stream, 1);
    log.append(event(1));
    await expect.poll(() => log.timers.size).toBe(1);
    log.passSilence();
    expect(await next).toEqual(['.1']);
    await stream.return?.();
    expect(log.timers.size).toBe(0);
  });

  it('frees a reader that waits as soon as it goes', async () => {
    const log = logWith();
    const stream = await log.open();
    expect(await take(stream, 1)).toEqual(['|0']);
    const waiting = stream.next();
    await expect.poll(() => log.timers.size).toBe(1);

    expect(await stream.return?.()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect([log.listeners.size, log.timers.size]).toEqual([0, 0]);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('answers readers that ask ahead in their order', async () => {
    const log = logWith({ log: [event(1), event(2)] });
    const stream = await log.open();
    const items = await Promise.all([stream.next(), stream.next(), stream.next()]);

    expect(items.map(({ value }) => short(value))).toEqual(['+1', '+2', '|2']);
    await stream.return?.();
  });

  it('goes on after the store was away, and vouches for nothing meanwhile', async () => {
    let isAway = false;
    const log = logWith({
      snapshot: false,
      store: (store) => ({
        ...store,
        async events(after, limit) {
          if (isAway) throw new StoreError('disk is full', true);
          return store.events(after, limit);
        },
      }),
    });
    const stream = await log.open();
    expect(await take(stream, 1)).toEqual(['|0']);

    isAway = true;
    const next = take(stream, 1);
    log.append(event(1));
    await expect.poll(() => log.timers.size).toBe(1);
    log.passSilence();
    await expect.poll(() => log.timers.size).toBe(1);
    isAway = false;
    log.append(event(2));
    expect(await next).toEqual(['+1']);
    await stream.return?.();
  });

  it('shows each reader only what it may see, in the snapshot, the replay and the tail', async () => {
    const own = (seq: number) => event(seq, { violation: violation({ id: `v${seq}`, cluster: 'core' }) });
    const scope = scopeOf(['core'], null);
    const live = logWith({ log: [event(1), own(2)], scope });
    const stream = await live.open();
    live.append(event(3), own(4));
    expect(await take(stream, 3)).toEqual(['+2', '|2', '+4']);
    await stream.return?.();

    const replay = await logWith({ log: [event(1), own(2), event(3)], scope, after: { epoch: 'e1', seq: 0 } }).open();
    expect(await take(replay, 2)).toEqual(['+2', '|3']);
    await replay.return?.();
  });

  it('shows every event once and in order to whoever comes back with the last cursor, wherever it was cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 6 }),
        fc.nat({ max: 30 }),
        async (cuts, count) => {
          const events = Array.from({ length: count }, (_, index) => event(index + 1));
          const seen: number[] = [];
          let after: LogPosition = { epoch: 'e1', seq: 0 };
          for (const cut of [...cuts, count + 1]) {
            const stream = await logWith({ log: [...events], after }).open();
            for (let index = 0; index < cut && after.seq < count; index += 1) {
              const { value } = await stream.next();
              if (!(value instanceof ViolationEventType)) break;
              after = decodeStreamCursor(value.cursor);
              seen.push(after.seq);
            }
            await stream.return?.();
          }
          expect(seen).toEqual(events.map(({ seq }) => seq));
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('the subscription', () => {
  const run = (source: string, log: readonly ViolationEvent[] = [event(1)]) => {
    const { ports } = portsOf({ clusters: ['edge'], log, value: () => 2 });
    const caller = { name: 'test', scope: everything, rights: new Set(['read'] as const) };
    const contextValue = createGraphContext(ports, { caller, nowMs: T0, gridMs: 5_000, cache: false });
    return subscribe({ schema, document: parse(source), contextValue });
  };

  it('gives events as GraphQL, what hangs below them looked at when it happened', async () => {
    const stream = (await run(
      'subscription { violations { __typename ... on ViolationEvent { cursor transition violation { duration microservice { requestRate { value at } } } } ... on StreamBookmark { snapshotComplete } } }',
    )) as AsyncGenerator<ExecutionResult>;
    const items = [await stream.next(), await stream.next()].map(({ value }) => value?.data?.violations);

    expect(items).toEqual([
      {
        __typename: 'ViolationEvent',
        cursor: encodeStreamCursor({ epoch: 'e1', seq: 1 }),
        transition: 'OPENED',
        violation: {
          duration: '0s',
          microservice: { requestRate: { value: 2, at: new Date(T0 - 60_000).toISOString() } },
        },
      },
      { __typename: 'StreamBookmark', snapshotComplete: true },
    ]);
    await stream.return(undefined);
  });

  it.each([
    { after: 'nonsense', because: 'is made up' },
    { after: encodePageCursor({ list: 'Node NAME ASC', rank: 'n1', key: 'n1' }), because: 'is of a list' },
    { after: encodeStreamCursor({ epoch: 'e1', seq: -1 }), because: 'has a place that cannot be' },
    { after: `${encodeStreamCursor({ epoch: 'e1', seq: 1 })}=`, because: 'is written another way' },
    { after: encodeStreamCursor({ epoch: 'e1', seq: 2 }), because: 'lies ahead of the log' },
  ])('refuses a cursor that $because', async ({ after }) => {
    const result = (await run(`subscription { violations(after: "${after}") { __typename } }`)) as ExecutionResult;

    expect(result.errors?.map(({ originalError }) => (originalError as { code?: string }).code)).toEqual(['BAD_INPUT']);
  });

  it('refuses a filter that is no RE2 before it begins', async () => {
    const result = (await run(
      'subscription { violations(filter: { slo: { regex: "(" } }) { __typename } }',
    )) as ExecutionResult;

    expect(result.errors).toHaveLength(1);
  });
});
