import { describe, expect, it, onTestFinished } from 'vitest';
import { everything, scopeOf } from '../../src/domain/access.js';
import { StoreError } from '../../src/domain/errors.js';
import type { ViolationStore } from '../../src/domain/ports.js';
import type { Violation, ViolationChange } from '../../src/domain/violation.js';
import { withWindow } from '../../src/store/violation-window.js';
import { storeSubjects } from '../support/stores.js';

const T0 = Date.UTC(2026, 0, 15, 12);
const MINUTE = 60_000;

const stores = storeSubjects();
type Behind = (store: ViolationStore) => ViolationStore;

/** Each store by itself, and behind the window that serves readers at the head. */
const subjects = [
  ...stores,
  ...stores.flatMap(({ name, make }) => [
    { name: `${name} behind a window`, make: behind(make, throughWindow) },
    { name: `${name} beside a window`, make: behind(make, besideWindow) },
  ]),
];

function behind(make: (typeof stores)[number]['make'], around: Behind): () => Promise<{ open: Open }> {
  return async () => {
    const { open } = await make();
    return { open: async () => around(await open()) };
  };
}

type Open = () => Promise<ViolationStore>;

/** What is appended through it tells its feed as well. */
function throughWindow(store: ViolationStore): ViolationStore {
  return told(store, ({ append }) => append);
}

function besideWindow(store: ViolationStore): ViolationStore {
  return told(store, () => (changes, nowMs) => store.append(changes, nowMs));
}

function told(store: ViolationStore, appendOf: (window: ViolationStore) => ViolationStore['append']): ViolationStore {
  let tell = () => {};
  const window = withWindow(store, {
    onAppend(listener) {
      tell = listener;
      return () => {};
    },
  });
  return {
    ...window,
    async append(changes, nowMs) {
      const events = await appendOf(window)(changes, nowMs);
      tell();
      return events;
    },
  };
}

function violation(id: string, more: Partial<Violation> = {}): Violation {
  return {
    id,
    slo: `slo-${id}`,
    objective: 'objective-1',
    revision: 'r1',
    cluster: 'edge-seoul',
    microservice: { namespace: 'crosswalk', name: 'detector' },
    application: 'crosswalk',
    kind: 'BURN_RATE',
    severity: 'PAGE',
    status: 'OPEN',
    startedAtMs: T0,
    resolvedAtMs: null,
    message: 'burns 20 times too fast',
    burnRate: 20.25,
    peakBurnRate: 20.25,
    budgetConsumed: 0.0123456789,
    longWindowMs: 3_600_000,
    shortWindowMs: 300_000,
    threshold: null,
    value: null,
    ...more,
  };
}

function opened(of: Violation): ViolationChange {
  const evaluatedAtMs = of.startedAtMs;
  return { eventId: `${of.id}/opened`, transition: 'OPENED', violation: of, evaluatedAtMs, late: false };
}

function resolved(of: Violation, resolvedAtMs: number): ViolationChange {
  const after: Violation = { ...of, status: 'RESOLVED', resolvedAtMs };
  return {
    eventId: `${of.id}/resolved`,
    transition: 'RESOLVED',
    violation: after,
    evaluatedAtMs: resolvedAtMs,
    late: true,
  };
}

function changed(of: Violation, severity: Violation['severity'], atMs: number): ViolationChange {
  return {
    eventId: `${of.id}/${severity}`,
    transition: 'SEVERITY_CHANGED',
    violation: { ...of, severity },
    evaluatedAtMs: atMs,
    late: false,
  };
}

describe.each(subjects)('a violation store ($name)', ({ make }) => {
  async function fresh(): Promise<ViolationStore> {
    const store = await (await make()).open();
    onTestFinished(() => store.close());
    return store;
  }

  it('is empty at first: head 0, oldest 1, nothing open', async () => {
    const store = await fresh();
    const { head, oldest } = await store.position();
    expect(head.seq).toBe(0);
    expect(head.epoch).not.toBe('');
    expect(oldest).toBe(1);
    expect(await store.snapshot(everything)).toEqual({ head, events: [] });
    expect(await store.events(0, 10)).toEqual([]);
    expect(await store.violations({ scope: everything })).toEqual([]);
    expect(await store.sinkPosition('alertmanager')).toBe(0);
  });

  it('numbers events from 1 in the order of commit and gives back what it was given', async () => {
    const store = await fresh();
    const a = violation('a');
    const stored = await store.append([opened(a), opened(violation('b', { microservice: null }))], T0 + 5);
    expect(stored.map(({ seq }) => seq)).toEqual([1, 2]);
    await store.append([resolved(a, T0 + MINUTE)], T0 + MINUTE + 5);
    const events = await store.events(0, 10);
    expect(events.map(({ seq, eventId }) => `${seq} ${eventId}`)).toEqual(['1 a/opened', '2 b/opened', '3 a/resolved']);
    expect(events[0]).toEqual({ ...opened(a), seq: 1, emittedAtMs: T0 + 5 });
    expect(events[2]).toEqual({ ...resolved(a, T0 + MINUTE), seq: 3, emittedAtMs: T0 + MINUTE + 5 });
    expect((await store.events(1, 1)).map(({ seq }) => seq)).toEqual([2]);
    expect((await store.eventsOf('a')).map(({ seq }) => seq)).toEqual([1, 3]);
    expect((await store.position()).head.seq).toBe(3);
  });

  it('stores each change once and leaves no hole for a repeated one', async () => {
    const store = await fresh();
    const [a, b] = [opened(violation('a')), opened(violation('b'))];
    expect(await store.append([a, a], T0)).toHaveLength(1);
    expect((await store.append([a, b], T0)).map(({ seq }) => seq)).toEqual([2]);
    expect(await store.append([a, b], T0)).toEqual([]);
    expect((await store.events(0, 10)).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('keeps the order and the numbers whole when many append at once', async () => {
    const store = await fresh();
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => store.append([opened(violation(`v${index}`))], T0 + index)),
    );
    expect((await store.events(0, 100)).map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  it('appends all changes or none', async () => {
    const store = await fresh();
    const broken = { ...opened(violation('b')), eventId: null as unknown as string };
    await expect(store.append([opened(violation('a')), broken], T0)).rejects.toThrow(StoreError);
    expect(await store.events(0, 10)).toEqual([]);
    expect((await store.append([opened(violation('a'))], T0))[0]?.seq).toBe(1);
  });

  it('lists violations newest start first, as they stand', async () => {
    const store = await fresh();
    const [a, b] = [violation('a'), violation('b', { startedAtMs: T0 + MINUTE })];
    await store.append([opened(a), opened(b), resolved(b, T0 + 2 * MINUTE)], T0);
    const listed = await store.violations({ scope: everything });
    expect(listed).toEqual([{ ...b, status: 'RESOLVED', resolvedAtMs: T0 + 2 * MINUTE }, a]);
  });

  it('lists them as they stood at an instant: later ones absent, later resolutions and changes undone', async () => {
    const store = await fresh();
    const [a, b] = [violation('a'), violation('b', { startedAtMs: T0 + 5 * MINUTE })];
    const ticket = { ...a, severity: 'TICKET' } as const;
    await store.append([opened(a), changed(a, 'TICKET', T0 + 2 * MINUTE), resolved(ticket, T0 + 4 * MINUTE)], T0);
    await store.append([opened(b)], T0 + 10 * MINUTE);
    const at = async (atMs: number) =>
      (await store.violations({ scope: everything, atMs })).map((one) => `${one.id} ${one.severity} ${one.status}`);
    expect(await at(T0 - 1)).toEqual([]);
    expect(await at(T0)).toEqual(['a PAGE OPEN']);
    expect(await at(T0 + 3 * MINUTE)).toEqual(['a TICKET OPEN']);
    expect(await at(T0 + 4 * MINUTE)).toEqual(['a TICKET RESOLVED']);
    expect(await at(T0 + 5 * MINUTE)).toEqual(['b PAGE OPEN', 'a TICKET RESOLVED']);
    const open = await store.violations({ scope: everything, atMs: T0 + 3 * MINUTE, statuses: ['OPEN'] });
    expect(open).toEqual([ticket]);
  });

  it.each([
    [{ ids: ['a', 'c'] }, ['a', 'c']],
    [{ statuses: ['RESOLVED'] as const }, ['b']],
    [{ kinds: ['THRESHOLD', 'BUDGET_EXHAUSTED'] as const }, ['c']],
    [{ severities: ['TICKET'] as const }, ['b']],
    [{ slos: ['slo-a', 'slo-b'] }, ['a', 'b']],
    [{ slos: ['slo-a', 'slo-b'], statuses: ['OPEN'] as const }, ['a']],
    [{ startedAfterMs: T0 + MINUTE }, ['c']],
    [{ startedBeforeMs: T0 + MINUTE }, ['a']],
    [{ ids: [] }, []],
    [{ slos: [`'; DROP TABLE event; --`] }, []],
    [{ ids: ['a', 'a\u0000'] }, ['a']],
    [{ slos: ['slo-a\u0000'] }, []],
  ])('filters by %j', async (filter, ids) => {
    const store = await fresh();
    const b = violation('b', { severity: 'TICKET', startedAtMs: T0 + MINUTE });
    const c = violation('c', { kind: 'THRESHOLD', startedAtMs: T0 + 2 * MINUTE });
    await store.append([opened(violation('a')), opened(b), resolved(b, T0 + 3 * MINUTE), opened(c)], T0);
    const found = await store.violations({ scope: everything, ...filter });
    expect(found.map(({ id }) => id).sort()).toEqual(ids);
  });

  it('shows a caller only the clusters and namespaces of its scope', async () => {
    const store = await fresh();
    await store.append(
      [
        opened(violation('seoul')),
        opened(violation('busan', { cluster: 'edge-busan' })),
        opened(violation('media', { microservice: { namespace: 'media', name: 'crosswalk' } })),
        opened(violation('whole', { microservice: null })),
      ],
      T0,
    );
    const seen = async (scope: ReturnType<typeof scopeOf>) => {
      const listed = (await store.violations({ scope })).map(({ id }) => id).sort();
      const { events } = await store.snapshot(scope);
      expect(events.map(({ violation: { id } }) => id).sort()).toEqual(listed);
      return listed;
    };
    expect(await seen(everything)).toEqual(['busan', 'media', 'seoul', 'whole']);
    expect(await seen(scopeOf(['edge-busan'], null))).toEqual(['busan']);
    expect(await seen(scopeOf(null, ['crosswalk']))).toEqual(['busan', 'seoul']);
    expect(await seen(scopeOf(['edge-seoul'], ['media', 'none']))).toEqual(['media']);
    expect(await seen(scopeOf([], null))).toEqual([]);
  });

  it('takes a snapshot of what is open, by the order of opening, as it stands, with the head it holds for', async () => {
    const store = await fresh();
    const [a, b, c] = [violation('a', { severity: 'TICKET' }), violation('b'), violation('c')];
    await store.append([opened(c), opened(a), opened(b), changed(a, 'PAGE', T0 + 1), resolved(b, T0 + 2)], T0);
    const { head, events } = await store.snapshot(everything);
    expect(head).toEqual((await store.position()).head);
    expect(head.seq).toBe(5);
    expect(events.map(({ seq, transition, violation: { id, severity } }) => [seq, transition, id, severity])).toEqual([
      [1, 'OPENED', 'c', 'PAGE'],
      [2, 'OPENED', 'a', 'PAGE'],
    ]);
  });

  it('keeps deliveries by violation and sink, the latest word only', async () => {
    const store = await fresh();
    const pending = { violationId: 'a', sink: 'am-1', state: 'PENDING', attempts: 1, lastError: 'refused' } as const;
    await store.saveDelivery({ ...pending, deliveredAtMs: null });
    await store.saveDelivery({ ...pending, state: 'DELIVERED', attempts: 2, lastError: null, deliveredAtMs: T0 });
    await store.saveDelivery({ ...pending, sink: 'am-2', deliveredAtMs: null });
    expect(await store.deliveriesOf('a')).toEqual([
      { violationId: 'a', sink: 'am-1', state: 'DELIVERED', attempts: 2, lastError: null, deliveredAtMs: T0 },
      { ...pending, sink: 'am-2', deliveredAtMs: null },
    ]);
    expect(await store.deliveriesOf('b')).toEqual([]);
  });

  it('is the same store after it was closed and opened again: epoch, events, positions', async () => {
    const { open } = await make();
    const before = await open();
    await before.append([opened(violation('a'))], T0);
    await before.saveSinkPosition('am', 1);
    const position = await before.position();
    await before.close();
    await before.close();
    await expect(before.events(0, 1)).rejects.toThrow(StoreError);
    const after = await open();
    onTestFinished(() => after.close());
    expect(await after.position()).toEqual(position);
    expect(await after.sinkPosition('am')).toBe(1);
    expect((await after.append([opened(violation('a')), opened(violation('b'))], T0)).map(({ seq }) => seq)).toEqual([
      2,
    ]);
  });

  it('has an epoch of its own', async () => {
    const [one, other] = [await fresh(), await fresh()];
    expect((await one.position()).head.epoch).not.toBe((await other.position()).head.epoch);
  });

  it('is not opened twice', async () => {
    const { open } = await make();
    const store = await open();
    onTestFinished(() => store.close());
    await expect(open()).rejects.toThrow(StoreError);
    expect((await store.append([opened(violation('a'))], T0))[0]?.seq).toBe(1);
  });

  it('forgets what is older than its retention, and never what is open or a number it gave', async () => {
    const { open } = await make();
    const store = await open();
    const [a, b, c] = [violation('a'), violation('b'), violation('c')];
    await store.append([opened(a), opened(b)], T0);
    await store.append([resolved(a, T0 + MINUTE)], T0 + MINUTE);
    await store.saveDelivery({
      violationId: 'a',
      sink: 'am',
      state: 'FAILED',
      attempts: 1,
      lastError: 'x',
      deliveredAtMs: null,
    });
    await store.append([opened(c)], T0 + 2 * MINUTE);
    expect(await store.prune({ beforeMs: T0, maxEvents: 100 })).toBe(0);
    expect((await store.position()).oldest).toBe(1);
    // The end of a is within the retention: it stays whole, though its opening cannot be replayed any more.
    expect(await store.prune({ beforeMs: T0 + MINUTE, maxEvents: 100 })).toBe(0);
    expect(await store.position()).toMatchObject({ head: { seq: 4 }, oldest: 3 });
    expect(await store.eventsOf('a')).toHaveLength(2);
    expect(await store.prune({ beforeMs: T0 + 2 * MINUTE, maxEvents: 100 })).toBe(2);
    expect(await store.eventsOf('a')).toEqual([]);
    expect(await store.deliveriesOf('a')).toEqual([]);
    expect((await store.violations({ scope: everything })).map(({ id }) => id)).toEqual(['c', 'b']);
    expect((await store.snapshot(everything)).events.map(({ seq }) => seq)).toEqual([2, 4]);
    await store.append([resolved(b, T0 + 3 * MINUTE), resolved(c, T0 + 3 * MINUTE)], T0 + 3 * MINUTE);
    expect(await store.prune({ beforeMs: Number.MAX_SAFE_INTEGER, maxEvents: 100 })).toBe(4);
    await store.close();
    const again = await open();
    onTestFinished(() => again.close());
    expect(await again.position()).toMatchObject({ head: { seq: 6 }, oldest: 7 });
    expect((await again.append([opened(violation('d'))], T0))[0]?.seq).toBe(7);
  });

  it('appends while other transactions are under way', async () => {
    const store = await fresh();
    const pruning = Promise.all(Array.from({ length: 20 }, () => store.prune({ beforeMs: 0, maxEvents: 100 })));
    const seqs: (number | undefined)[] = [];
    for (let n = 1; n <= 40; n += 1) {
      const [event] = await store.append([opened(violation(`v${n}`))], T0);
      seqs.push(event?.seq);
    }
    await pruning;
    expect(seqs).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    expect((await store.events(0, 100)).map(({ seq }) => seq)).toEqual(seqs);
  });

  it('forgets the oldest beyond so many events', async () => {
    const store = await fresh();
    for (const id of ['a', 'b', 'c']) {
      await store.append([opened(violation(id)), resolved(violation(id), T0 + MINUTE)], T0);
    }
    expect(await store.prune({ beforeMs: 0, maxEvents: 3 })).toBe(2);
    expect((await store.position()).oldest).toBe(4);
    expect((await store.events(3, 10)).map(({ seq }) => seq)).toEqual([4, 5, 6]);
    expect((await store.violations({ scope: everything })).map(({ id }) => id)).toEqual(['c', 'b']);
  });
});
