import 'reflect-metadata';
import { type ExecutionResult, parse, subscribe } from 'graphql';
import { describe, expect, it } from 'vitest';
import { everything, type Scope, scopeOf } from '../../../src/domain/access.js';
import type { EvaluationFeed } from '../../../src/domain/ports.js';
import type { SloState, SloStatus } from '../../../src/domain/slo.js';
import { createGraphContext } from '../../../src/graph/context.js';
import { SloStatusStream } from '../../../src/graph/slo-status-stream.js';
import { portsOf, schema, slo, T0 } from './graph-world.js';

const MINUTE = 60_000;

/** States that a test evaluates. */
function evaluatedSlos(...initial: readonly SloStatus[]) {
  const known = new Map(initial.map((status) => [status.definition.name, status]));
  const listeners = new Set<() => void>();
  const evaluations: EvaluationFeed = {
    statuses: () => [...known.values()].sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1)),
    onEvaluated(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return {
    evaluations,
    listeners,
    evaluate(...statuses: readonly SloStatus[]) {
      for (const status of statuses) known.set(status.definition.name, status);
      for (const listener of listeners) listener();
    },
    remove(name: string) {
      known.delete(name);
      for (const listener of listeners) listener();
    },
  };
}

const at = (name: string, minutes: number, state: SloState = 'OK') =>
  slo(name, { evaluatedAtMs: T0 + minutes * MINUTE, state });

function openOn(
  { evaluations }: Pick<ReturnType<typeof evaluatedSlos>, 'evaluations'>,
  matches = (_: SloStatus) => true,
) {
  const stream = new SloStatusStream({ evaluations, scope: everything, matches, gridMs: 5_000, now: () => T0 });
  const take = async (count: number) => {
    const items: string[] = [];
    while (items.length < count) {
      const { value } = await stream.next();
      if (value === undefined) break;
      items.push(`${value.name}@${((value.evaluatedAt ?? 0) - T0) / MINUTE}`);
    }
    return items;
  };
  return { stream, take };
}

describe('a stream of states', () => {
  it('begins with every SLO as it stands, and goes on with each evaluation', async () => {
    const world = evaluatedSlos(at('a', 0), at('b', 0));
    const { take } = openOn(world);
    expect(await take(2)).toEqual(['a@0', 'b@0']);
    const next = take(2);
    world.evaluate(at('a', 1));
    world.evaluate(at('b', 1));
    expect(await next).toEqual(['a@1', 'b@1']);
  });

  it('says nothing of what was not evaluated again', async () => {
    const world = evaluatedSlos(at('a', 0), at('b', 0));
    const { take } = openOn(world);
    await take(2);
    world.evaluate(at('b', 1));
    world.evaluate();
    const next = take(1);
    expect(await next).toEqual(['b@1']);
    world.evaluate(at('b', 2));
    expect(await take(1)).toEqual(['b@2']);
  });

  it('gives a reader that was slow the newest evaluation of each, never those before', async () => {
    const world = evaluatedSlos(at('a', 0), at('b', 0), at('c', 0));
    const { take } = openOn(world);
    expect(await take(1)).toEqual(['a@0']);
    for (let minute = 1; minute <= 50; minute += 1) world.evaluate(at('a', minute), at('b', minute));
    expect(await take(3)).toEqual(['c@0', 'a@50', 'b@50']);
    world.evaluate(at('c', 51));
    expect(await take(1)).toEqual(['c@51']);
  });

  it('leaves out what does not match any more, and what is gone, before it was read', async () => {
    const world = evaluatedSlos(at('a', 0), at('b', 0), at('c', 0));
    const { take } = openOn(world, ({ state }) => state === 'OK');
    expect(await take(1)).toEqual(['a@0']);
    world.evaluate(at('b', 1, 'VIOLATED'));
    world.remove('c');
    world.evaluate(at('a', 2));
    expect(await take(1)).toEqual(['a@2']);
    world.evaluate(at('b', 3));
    expect(await take(1)).toEqual(['b@3']);
  });

  it('frees a reader that waits when it is left, and listens no more', async () => {
    const world = evaluatedSlos();
    const { stream } = openOn(world);
    const waiting = stream.next();
    expect(world.listeners.size).toBe(1);
    await stream.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(world.listeners.size).toBe(0);
  });
});

describe('sloStatus', () => {
  async function names(filter: string, scope: Scope = everything) {
    const violated = slo('violated', { state: 'VIOLATED' });
    const labelled = slo('labelled', {}, { labels: { team: ['ops'] }, application: 'crosswalk' });
    const other = slo('other', {}, { cluster: 'core', microservice: { namespace: 'shop', name: 'cart' } });
    const { ports } = portsOf({ clusters: ['edge', 'core'], slos: [labelled, other, violated] });
    const caller = { name: 'test', scope, rights: new Set(['read'] as const) };
    const source = await subscribe({
      schema,
      document: parse(`subscription { sloStatus${filter} { name state objectives { target ratio } } }`),
      contextValue: createGraphContext(ports, { caller, nowMs: T0, gridMs: 5_000, cache: false }),
    });
    if (!(Symbol.asyncIterator in source)) throw new Error(JSON.stringify(source.errors));
    const found: string[] = [];
    let ended = false;
    const read = (async () => {
      for await (const { data, errors } of source as AsyncIterable<ExecutionResult>) {
        expect(errors).toBeUndefined();
        if (!ended) found.push((data as { sloStatus: { name: string } }).sloStatus.name);
      }
    })();
    // What is at hand is given without waiting for anything but turns.
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
    ended = true;
    await (source as AsyncGenerator).return(undefined);
    await read;
    return found;
  }

  it.each([
    { filter: '', found: ['labelled', 'other', 'violated'], because: 'all by default' },
    { filter: '(filter: { state: [VIOLATED] })', found: ['violated'], because: 'of its state' },
    { filter: '(filter: { name: { regex: "lab.*" } })', found: ['labelled'], because: 'of its name' },
    { filter: '(filter: { cluster: { eq: "core" } })', found: ['other'], because: 'of its cluster' },
    {
      filter: '(filter: { application: { eq: "crosswalk" } })',
      found: ['labelled'],
      because: 'its definition says so',
    },
    {
      filter: '(filter: { labels: [{ name: "team", value: { eq: "ops" } }] })',
      found: ['labelled'],
      because: 'of a label',
    },
    { filter: '(filter: { name: { eq: "none" } })', found: [], because: 'nothing is called that' },
  ])('$filter gives $found: $because', async ({ filter, found }) => {
    expect(await names(filter)).toEqual(found);
  });

  it('gives nothing that the caller may not see', async () => {
    expect(await names('', scopeOf(['core'], null))).toEqual(['other']);
    expect(await names('(filter: { name: { eq: "violated" } })', scopeOf(['core'], null))).toEqual([]);
  });
});
