import 'reflect-metadata';
import { expect, it } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import type { ViolationEvent } from '../../../src/domain/violation.js';
import { ViolationEventType, type ViolationStreamItem } from '../../../src/graph/violation.type.js';
import { ViolationReader } from '../../../src/graph/violation-reader.js';
import { LogGroup } from '../../../src/server/log-group.js';
import { createPayloads } from '../../../src/server/payloads.js';
import { until } from '../../support/until.js';
import { event, storeOf, T0 } from '../graph/graph-world.js';

/** A log with one group of readers, whose reads of the store a test can hold back one by one. */
function groupOver(log: ViolationEvent[]) {
  const listeners = new Set<() => void>();
  const clock = { nowMs: T0, ring: () => {} };
  const store = storeOf([], log);
  const group = new LogGroup({
    key: 'k',
    payloads: createPayloads(),
    signal: new AbortController().signal,
    stream: {
      feed: {
        onAppend(listener) {
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
      },
      timing: {
        silenceMs: 15_000,
        now: () => clock.nowMs,
        startTimer(ring) {
          clock.ring = ring;
          return () => {};
        },
      },
    },
    execute: async (item: ViolationStreamItem) => {
      return { bytes: Buffer.from(item instanceof ViolationEventType ? item.eventId : 'other'), lasting: true };
    },
    onEmpty() {},
  });
  return {
    clock,
    append(next: number) {
      log.push(event(next));
      for (const listener of listeners) listener();
    },
    /** @param seq where it begins behind */
    member(seq = 0) {
      const seen: string[] = [];
      let gate = Promise.resolve();
      let waiting = 0;
      let open = () => {};
      const reader = new ViolationReader({
        store: {
          ...store,
          // What it is told is as of when it asked, however late the answer is.
          async events(after, limit) {
            const events = await store.events(after, limit);
            waiting += 1;
            await gate;
            waiting -= 1;
            return events;
          },
        },
        scope: everything,
        matches: () => true,
        gridMs: 5_000,
        now: () => T0,
      });
      reader.position = { epoch: 'e1', seq };
      return {
        seen,
        isHeld: () => waiting > 0,
        hold() {
          gate = new Promise((resolve) => {
            open = resolve;
          });
        },
        release: () => open(),
        follow() {
          const backpressure = { isFull: () => false, room: async () => {}, isStalled: () => false };
          const send = (payload: Buffer) => void seen.push(payload.toString());
          group.join({ backpressure, send, together: (act) => act() }, () => {}, [], reader);
        },
      };
    },
  };
}

it('a reader whose last answer is older than what the others were sent reads on before it joins them', async () => {
  const { append, member } = groupOver([]);
  const [first, late] = [member(), member(1)];
  first.follow();
  append(1);
  await until('the first to follow', () => first.seen.length === 1);
  late.hold();
  late.follow();
  await until('its question', late.isHeld);
  append(2);
  await until('the event', () => first.seen.length === 2);
  late.release();
  await until('what it had not read', () => late.seen.length === 1);
  append(3);
  await until('the event', () => [first, late].every(({ seen }) => seen.includes('event-3')));
  expect(first.seen).toEqual(['event-1', 'event-2', 'event-3']);
  expect(late.seen).toEqual(['event-2', 'event-3']);
});

it('a reader that was faster than the others is not sent again what it has read by itself', async () => {
  const { append, member } = groupOver([]);
  const [first, fast] = [member(), member()];
  first.follow();
  append(1);
  await until('the first to follow', () => first.seen.length === 1);
  first.hold();
  append(2);
  await until('the question of all', first.isHeld);
  fast.follow();
  await until('what it reads by itself', () => fast.seen.length === 2);
  first.release();
  append(3);
  await until('the event', () => [first, fast].every(({ seen }) => seen.includes('event-3')));
  expect([first.seen, fast.seen]).toEqual(Array(2).fill(['event-1', 'event-2', 'event-3']));
});

it('readers hear of silence also when the clock was set back', async () => {
  const { append, member, clock } = groupOver([]);
  const reader = member();
  reader.follow();
  append(1);
  await until('the event', () => reader.seen.length === 1);
  clock.nowMs -= 3_600_000;
  clock.ring();
  await until('a bookmark', () => reader.seen.includes('other'));
});
