import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { buildSchema, execute, getIntrospectionQuery, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { exampleQueries } from '../../../src/demo/queries.js';
import { createGate } from '../../../src/server/limits.js';
import { queries } from '../../../src/web/graphiql/queries.js';
import { dashboards } from '../../bench/graph/operations.js';

const published = buildSchema(readFileSync('schema.graphql', 'utf8'));
const bounds = { maxDepth: 15, maxTokens: 5_000, maxAliases: 50, maxCost: 1_000_000 };

/** What a query costs: told by the refusal of a gate that allows nothing. */
function costOf(schema: typeof published, query: string, variables?: Record<string, unknown>): number {
  const gate = createGate(schema, { maxDepth: 100, maxTokens: 10_000, maxAliases: 1_000, maxCost: 0 });
  return Number(/may hold (\d+) values/.exec(gate.refusal(query, variables)?.message ?? '')?.[1]);
}

describe('the cost of an operation', () => {
  it.each([
    { query: '{ cluster(name: "a") { name } }', cost: 2, because: 'every field counts once' },
    { query: '{ clusters { name } }', cost: 20, because: 'a list without pages has ten items' },
    {
      query: '{ cluster(name: "a") { namespaces } }',
      cost: 2,
      because: 'a list of plain values is one',
    },
    {
      query: '{ slos { totalCount nodes { name } } }',
      cost: 1 + 1 + 50 * 2,
      because: 'a page has fifty items unless told otherwise',
    },
    {
      query: '{ slos(first: 7) { pageInfo { endCursor } edges { cursor node { name } } } }',
      cost: 1 + 2 + 7 * (1 + 1 + 2),
      because: 'what is beside the items counts once',
    },
    {
      query:
        '{ slos(first: 7) { ...P } violations(first: 3) { nodes { id } } } fragment P on SLOConnection { nodes { name } }',
      cost: 1 + 7 * 2 + 1 + 3 * 2,
      because: 'a fragment costs what it costs where it is spread',
    },
    {
      query: '{ slos(first: 10) { nodes { violations(first: 20) { nodes { message } } } } }',
      cost: 1 + 10 * (1 + 1 + 20 * 2),
      because: 'pages in pages multiply',
    },
    {
      query: '{ cluster(name: "a") { serviceGraph { edges { sourceName } } } }',
      cost: 1 + 1 + 500 * 2,
      because: 'a service graph has five hundred edges',
    },
    {
      query: '{ slos(first: 1000000000) { nodes { name } } }',
      cost: 1 + 5_000 * 2,
      because: 'no page is longer than a list gives, and the list says so',
    },
    {
      query: 'query ($n: Int = 9) { slos(first: $n) { nodes { name } } }',
      cost: 1 + 9 * 2,
      because: 'a variable that is not given has its default',
    },
    {
      query: 'query ($n: Int = 9) { slos(first: $n) { nodes { name } } }',
      variables: { n: 20 },
      cost: 1 + 20 * 2,
      because: 'a variable says how long a page is',
    },
    {
      query: 'query ($n: Int = 9) { slos(first: $n) { nodes { name } } }',
      variables: { n: null },
      cost: 1 + 50 * 2,
      because: 'a variable that is null says nothing',
    },
  ])('of $query is $cost: $because', ({ query, variables, cost }) => {
    expect(costOf(published, query, variables)).toBe(cost);
  });

  it('is asked anew for every value of a variable, of a document that is known', () => {
    const gate = createGate(published, { ...bounds, maxCost: 100 });
    const query = 'query ($n: Int) { slos(first: $n) { nodes { name } } }';
    expect(gate.admit(query, { n: 10 }).errors).toBeUndefined();
    expect(gate.admit(query, { n: 50 }).errors?.[0]?.message).toContain('may hold 101 values; 100 are allowed');
    expect(gate.admit(query, { n: 10 }).errors).toBeUndefined();
  });

  it('of fragments that double is counted without being followed', () => {
    const fragments = Array.from(
      { length: 40 },
      (_, n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`,
    ).join(' ');
    const query = `{ ...F0 } ${fragments} fragment F40 on Query { __typename }`;
    expect(createGate(published, bounds).refusal(query)?.message).toContain('countless');
  });

  it('is never below the values of the answer', () => {
    const schema = buildSchema(`
      type Query { items(first: Int): ItemConnection! thing: Thing! }
      type ItemConnection { nodes: [Thing!]! edges: [Edge!]! totalCount: Int! }
      type Edge { cursor: String! node: Thing! }
      type Thing { name: String items(first: Int): ItemConnection! parts: [Thing!]! self: Thing! }
    `);
    let answered = 0;
    const counted = <T>(value: T): T => {
      answered += 1;
      return value;
    };
    const thing = (): object => ({
      name: () => counted('n'),
      items: (args: { first?: number }) => counted(page(args)),
      parts: () => counted(Array.from({ length: 10 }, thing)),
      self: () => counted(thing()),
    });
    const page = ({ first = 50 }: { first?: number }): object => ({
      nodes: () => counted(Array.from({ length: first }, thing)),
      edges: () =>
        counted(Array.from({ length: first }, () => ({ cursor: () => counted('c'), node: () => counted(thing()) }))),
      totalCount: () => counted(1),
    });
    const { selection } = fc.letrec<{ selection: string; field: string; connection: string }>((tie) => ({
      selection: fc.array(tie('field'), { minLength: 1, maxLength: 2 }).map((fields) => `{ ${fields.join(' ')} }`),
      field: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.constant('name'),
        tie('connection'),
        tie('selection').map((inner) => `parts ${inner}`),
        tie('selection').map((inner) => `self ${inner}`),
        tie('selection').map((inner) => `... on Thing ${inner}`),
      ),
      connection: fc
        .tuple(fc.integer({ min: 1, max: 4 }), tie('selection'), fc.constantFrom('nodes', 'edges'))
        .map(
          ([first, inner, list]) =>
            `items(first: ${first}) { totalCount ${list === 'nodes' ? `nodes ${inner}` : `edges { cursor node ${inner} }`} }`,
        ),
    }));
    fc.assert(
      fc.property(selection, (inner) => {
        const query = `{ thing ${inner} }`;
        const cost = costOf(schema, query);
        fc.pre(cost < 20_000);
        answered = 0;
        const document = parse(query);
        // What cannot be merged is not executed.
        fc.pre(validate(schema, document).length === 0);
        const result = execute({ schema, document, rootValue: { thing: () => counted(thing()) } });
        expect(result).not.toHaveProperty('errors');
        expect(cost).toBeGreaterThanOrEqual(answered);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the default bounds', () => {
  const readme = [...readFileSync('README.md', 'utf8').matchAll(/```graphql\n([\s\S]*?)```/g)].map(
    ([, text = '']) => text,
  );
  const operations = [
    ...readme,
    ...exampleQueries(0).map(({ text }) => text),
    ...queries.map(({ query }) => query),
    ...dashboards.map(({ query }) => query),
    getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true, directiveIsRepeatable: true }),
  ];

  it.each(operations)('allow %s', (query) => {
    expect(createGate(published, bounds).admit(query).errors).toBeUndefined();
  });

  it('allow no pages in pages that nobody could read', () => {
    const query =
      '{ clusters { nodes(first: 5000) { nodes { pods(first: 5000) { nodes { containers { name } } } } } } }';
    expect(createGate(published, bounds).refusal(query)?.message).toContain('1000000 are allowed');
  });
});
