import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import type { SloStatus } from '../../../src/domain/slo.js';
import { SloStatuses } from '../../../src/graph/slo-statuses.js';
import { LatestGroup } from '../../../src/server/latest-group.js';
import { createPayloads } from '../../../src/server/payloads.js';
import { slo, T0 } from '../graph/graph-world.js';

/** A group over states that a test evaluates, and what was executed for it. */
function grouped(names: readonly string[]) {
  const known = new Map<string, SloStatus>();
  const listeners = new Set<() => void>();
  const executed: string[] = [];
  let empty = false;
  let failure: Error | null = null;
  const set = (list: readonly string[], evaluatedAtMs: number) => {
    for (const name of list) known.set(name, slo(name, { evaluatedAtMs }));
  };
  set(names, T0);
  const statuses = new SloStatuses({
    evaluations: {
      statuses: () => [...known.values()],
      onEvaluated(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    scope: everything,
    matches: () => true,
    gridMs: 1,
    now: () => T0,
  });
  const group = new LatestGroup({
    key: 'k',
    payloads: createPayloads(),
    statuses,
    signal: new AbortController().signal,
    async execute({ name, evaluatedAt }) {
      if (failure !== null) throw failure;
      const text = `${name}@${(evaluatedAt ?? 0) - T0}`;
      executed.push(text);
      return { bytes: Buffer.from(text), lasting: true };
    },
    onEmpty: () => {
      empty = true;
    },
  });
  return {
    group,
    executed,
    listeners,
    isEmpty: () => empty,
    fail: (error: Error) => {
      failure = error;
    },
    evaluate(list: readonly string[], n: number) {
      set(list, T0 + n);
      for (const listener of listeners) listener();
    },
  };
}

/** A receiver that reads when the test lets it. */
function receiver() {
  const seen: string[] = [];
  const ends: unknown[] = [];
  let full = false;
  let makeRoom = () => {};
  return {
    seen,
    ends,
    stall: () => {
      full = true;
    },
    read: () => {
      full = false;
      makeRoom();
    },
    port: {
      backpressure: {
        isFull: () => full,
        isStalled: () => full,
        room: () =>
          new Promise<void>((resolve) => {
            makeRoom = resolve;
          }),
      },
      send: (payload: Buffer) => void seen.push(payload.toString()),
      together: (act: () => void) => act(),
    },
    end: (error?: unknown) => void ends.push(error),
  };
}

const settled = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('receivers of equal subscriptions to states', () => {
  it('share one execution of each evaluation, whenever they came', async () => {
    const world = grouped(['a', 'b']);
    const [first, second, late] = [receiver(), receiver(), receiver()];
    world.group.join(first.port, first.end);
    world.group.join(second.port, second.end);
    await settled();
    world.evaluate(['a'], 1);
    await settled();
    world.group.join(late.port, late.end);
    await settled();
    expect(first.seen).toEqual(['a@0', 'b@0', 'a@1']);
    expect(second.seen).toEqual(first.seen);
    expect(late.seen).toEqual(['b@0', 'a@1']);
    expect(world.executed).toEqual(['a@0', 'b@0', 'a@1']);
  });

  it('that do not read hold nobody up, and go on with the newest of each', async () => {
    const world = grouped(['a', 'b']);
    const [quick, slow] = [receiver(), receiver()];
    world.group.join(quick.port, quick.end);
    world.group.join(slow.port, slow.end);
    await settled();
    slow.stall();
    for (let n = 1; n <= 30; n += 1) {
      world.evaluate(['a', 'b'], n);
      await settled();
    }
    expect(quick.seen).toHaveLength(62);
    expect(slow.seen).toEqual(['a@0', 'b@0']);
    slow.read();
    await settled();
    expect(slow.seen).toEqual(['a@0', 'b@0', 'a@30', 'b@30']);
    expect(world.executed).toHaveLength(62);
  });

  it('get the newest also when all of them were slow in the middle of many', async () => {
    const names = Array.from({ length: 100 }, (_, n) => `s${String(n).padStart(3, '0')}`);
    const world = grouped(names);
    const only = receiver();
    const { port } = only;
    const isFull = () => only.seen.length >= 16 && port.backpressure.isStalled();
    only.stall();
    world.group.join({ ...port, backpressure: { ...port.backpressure, isFull } }, only.end);
    await settled();
    expect(only.seen).toHaveLength(16);
    world.evaluate(names, 7);
    await settled();
    only.read();
    await settled();
    expect(only.seen.slice(0, 16).every((text) => text.endsWith('@0'))).toBe(true);
    expect(only.seen.slice(16)).toEqual(names.map((name) => `${name}@7`));
  });

  it('are told of a failure, and leave nothing behind', async () => {
    const world = grouped(['a']);
    const [one, other] = [receiver(), receiver()];
    const { leave } = world.group.join(one.port, one.end);
    world.group.join(other.port, other.end);
    await settled();
    leave();
    leave();
    world.fail(new Error('no more'));
    world.evaluate(['a'], 1);
    await settled();
    expect(one.ends).toEqual([]);
    expect(other.ends).toEqual([new Error('no more')]);
    expect(world.isEmpty()).toBe(true);
    expect(world.listeners.size).toBe(0);
  });
});
