import 'reflect-metadata';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeStreamCursor } from '../../../src/graph/cursor.js';
import { type StringFilter, textMatcher } from '../../../src/graph/filter.js';
import { pageOf } from '../../../src/graph/paging.js';
import { ask, slo, type World } from './graph-world.js';

interface Row {
  readonly key: string;
  readonly rank: number | null;
}

const rows = fc.uniqueArray(
  fc.record({ key: fc.string({ maxLength: 4 }), rank: fc.option(fc.integer({ min: 0, max: 3 })) }),
  {
    selector: ({ key }) => key,
    maxLength: 30,
  },
);
const direction = fc.constantFrom('ASC' as const, 'DESC' as const);
const ordering = (of: 'ASC' | 'DESC') => ({
  list: 'Row',
  key: ({ key }: Row) => key,
  rank: ({ rank }: Row) => rank,
  direction: of,
});

/** All pages, one after the other; `between` may change the list meanwhile. */
function walk(items: readonly Row[], of: 'ASC' | 'DESC', first: number, between = (left: readonly Row[]) => left) {
  const seen: Row[] = [];
  let current = items;
  let after: string | null = null;
  for (;;) {
    const page: ReturnType<typeof pageOf<Row>> = pageOf(current, ordering(of), { first, after });
    seen.push(...page.nodes);
    if (!page.pageInfo.hasNextPage) return seen;
    after = page.pageInfo.endCursor;
    current = between(current);
  }
}

describe('a list in pages', () => {
  it('shows every item once, in order, whatever the size of the page', () => {
    fc.assert(
      fc.property(rows, direction, fc.integer({ min: 1, max: 7 }), (items, of, first) => {
        const whole = pageOf(items, ordering(of), { first: 5_000 });

        expect(walk(items, of, first)).toEqual(whole.nodes);
        expect(whole.totalCount).toBe(items.length);
      }),
    );
  });

  it('puts items without a value last in either direction', () => {
    fc.assert(
      fc.property(rows, direction, (items, of) => {
        const ranks = pageOf(items, ordering(of), { first: 5_000 }).nodes.map(({ rank }) => rank);
        const known = ranks.filter((rank) => rank !== null);

        expect(ranks.slice(0, known.length)).toEqual(known.toSorted((a, b) => (of === 'ASC' ? a - b : b - a)));
      }),
    );
  });

  it('shows what stays once, while others come and go', () => {
    fc.assert(
      fc.property(rows, rows, direction, (staying, passing, of) => {
        const kept = new Set(staying.map(({ key }) => key));
        const others = passing.filter(({ key }) => !kept.has(key));
        let turn = 0;
        const between = () => [...staying, ...others.filter((_, index) => (index + ++turn) % 2 === 0)];
        const seen = walk([...staying, ...others], of, 3, between).filter(({ key }) => kept.has(key));

        expect(seen).toEqual(pageOf(staying, ordering(of), { first: 5_000 }).nodes);
      }),
    );
  });

  it('says where a page stands', () => {
    const items = ['a', 'b', 'c'].map((key) => ({ key, rank: 0 }));
    const first = pageOf(items, ordering('ASC'), { first: 2 });
    const second = pageOf(items, ordering('ASC'), { after: first.pageInfo.endCursor });
    const empty = pageOf([], ordering('ASC'), {});

    expect([first.pageInfo.hasPreviousPage, first.pageInfo.hasNextPage]).toEqual([false, true]);
    expect([second.pageInfo.hasPreviousPage, second.pageInfo.hasNextPage]).toEqual([true, false]);
    expect(empty.pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null });
  });
});

describe('a list over GraphQL', () => {
  const node = { kubeletVersion: null, kernelVersion: null, osImage: null, internalIP: null };
  const names = Array.from({ length: 60 }, (_, index) => `n${String(index).padStart(2, '0')}`);
  const world: World = {
    clusters: ['edge'],
    inventory: {
      edge: {
        nodes: new Map(names.map((name) => [name, { name, ...node }])),
        nodeStates: new Map([
          ['n01', { ready: true, conditions: [] }],
          ['n02', { ready: false, conditions: [] }],
          ['n03', { ready: null, conditions: [] }],
        ]),
        nodeRoles: new Map([['n02', ['control-plane']]]),
      },
    },
    value: (_, { key }) => (key === 'n00' ? null : Number(key.slice(1)) % 7),
    slos: [
      slo('a', { state: 'OK' }),
      slo('b', { state: 'VIOLATED' }, { labels: { team: ['ops', 'vision'] }, microservice: null }),
      slo('c', { state: 'NO_DATA', objectives: [] }, { labels: {} }),
    ],
  };
  const nodes = async (args: string) => {
    const { data, codes } = await ask(
      world,
      `{ cluster(name: "edge") { nodes(${args}) { nodes { name } totalCount } } }`,
    );
    const page = (data as { cluster: { nodes: { nodes: { name: string }[]; totalCount: number } | null } } | null)
      ?.cluster.nodes;
    return { names: page?.nodes.map(({ name }) => name), totalCount: page?.totalCount, codes };
  };
  const slos = async (args: string) => {
    const { data } = await ask(world, `{ slos(${args}) { nodes { name } } }`);
    return (data as { slos: { nodes: { name: string }[] } }).slos.nodes.map(({ name }) => name).join('');
  };

  it('has 50 items by default, by name', async () => {
    expect(await nodes('filter: {}')).toEqual({ names: names.slice(0, 50), totalCount: 60, codes: [] });
  });

  it.each(['first: 0', 'first: -1', 'first: 5001'])('refuses %s', async (args) => {
    expect((await nodes(args)).codes).toEqual(['BAD_INPUT']);
  });

  it.each([
    { after: 'x', because: 'is made up' },
    { after: encodeStreamCursor({ epoch: 'e', seq: 1 }), because: 'is of the stream' },
  ])('refuses a cursor that $because', async ({ after }) => {
    expect((await nodes(`after: "${after}"`)).codes).toEqual(['BAD_INPUT']);
  });

  it('refuses a cursor of another order', async () => {
    const { data } = await ask(world, '{ cluster(name: "edge") { nodes(first: 1) { pageInfo { endCursor } } } }');
    const { endCursor } = (data as { cluster: { nodes: { pageInfo: { endCursor: string } } } }).cluster.nodes.pageInfo;

    expect((await nodes(`after: "${endCursor}", first: 1`)).names).toEqual(['n01']);
    expect((await nodes(`after: "${endCursor}", orderBy: { by: CPU_UTILIZATION }`)).codes).toEqual(['BAD_INPUT']);
  });

  it('is ordered by a figure read once for all, those without a value last', async () => {
    expect((await nodes('orderBy: { by: CPU_UTILIZATION }, first: 3')).names).toEqual(['n06', 'n13', 'n20']);
    expect((await nodes('orderBy: { by: CPU_UTILIZATION, direction: ASC }, first: 5000')).names?.at(-1)).toBe('n00');
    const { calls } = await ask(
      world,
      '{ cluster(name: "edge") { nodes(orderBy: { by: CPU_UTILIZATION }) { nodes { cpuUtilization { value } } } } }',
    );
    expect(calls.values).toHaveLength(1);
  });

  it('is filtered by all conditions together; what is not known passes none', async () => {
    expect((await nodes('filter: { ready: true }')).names).toEqual(['n01']);
    expect((await nodes('filter: { ready: false, role: "control-plane" }')).names).toEqual(['n02']);
    expect((await nodes('filter: { ready: true, role: "control-plane" }')).names).toEqual([]);
    expect((await nodes('filter: { name: { regex: "n0[1-3]", not: { eq: "n02" } } }')).names).toEqual(['n01', 'n03']);
  });

  it('orders and filters SLOs by what they are and how they stand', async () => {
    expect(await slos('orderBy: { by: STATE }')).toBe('bca');
    expect(await slos('orderBy: { by: NAME, direction: DESC }')).toBe('cba');
    expect(await slos('orderBy: { by: REMAINING_BUDGET, direction: DESC }')).toBe('abc');
    expect(await slos('filter: { state: [OK, VIOLATED] }')).toBe('ab');
    expect(await slos('filter: { state: [] }')).toBe('');
    expect(await slos('filter: { labels: [{ name: "team", value: { eq: "ops" } }] }')).toBe('b');
    expect(await slos('filter: { labels: [{ name: "__proto__", value: { regex: ".+" } }] }')).toBe('');
    expect(await slos('filter: { microservice: { eq: "crosswalk/detector" } }')).toBe('ac');
    expect(await slos('filter: { microservice: { eq: "" } }')).toBe('b');
    expect(await slos('filter: { category: [LATENCY] }')).toBe('');
  });
});

describe('a filter of text', () => {
  it.each<{ filter: StringFilter; text: string; passes: boolean; because: string }>([
    { filter: {}, text: 'a', passes: true, because: 'no condition holds nothing back' },
    { filter: { eq: 'a' }, text: 'a', passes: true, because: 'it is that' },
    { filter: { eq: 'a', in: ['b'] }, text: 'a', passes: false, because: 'conditions are joined by and' },
    { filter: { in: ['a', 'b'] }, text: 'b', passes: true, because: 'values are joined by or' },
    { filter: { in: [] }, text: 'a', passes: false, because: 'nothing is one of nothing' },
    { filter: { regex: 'a' }, text: 'ab', passes: false, because: 'a regex is anchored' },
    { filter: { regex: 'a|ab' }, text: 'ab', passes: true, because: 'every alternative is' },
    { filter: { regex: 'a.b' }, text: 'a\nb', passes: true, because: 'a dot is any character, as in PromQL' },
    { filter: { not: { not: { eq: 'a' } } }, text: 'a', passes: true, because: 'twice not is not not' },
    { filter: { eq: null, regex: null }, text: 'a', passes: true, because: 'null is no condition' },
  ])('$filter on $text is $passes: $because', ({ filter, text, passes }) => {
    expect(textMatcher(filter)(text)).toBe(passes);
  });

  it.each(['(', '(?=a)', '\\1', 'a'.repeat(1_001)])('refuses the regex %s', (regex) => {
    expect(() => textMatcher({ regex })).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
  });

  it('takes time linear in the text for a regex that others choke on', () => {
    expect(textMatcher({ regex: '(a+)+' })(`${'a'.repeat(5_000)}b`)).toBe(false);
  });
});
