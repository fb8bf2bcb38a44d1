import 'reflect-metadata';
import { buildSchema, type GraphQLError, type GraphQLSchema, parse, validate } from 'graphql';
import { describe, expect, it, onTestFinished } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import { GatewayError, InputError, SourceError } from '../../../src/domain/errors.js';
import { createGraphContext } from '../../../src/graph/context.js';
import { createExecutor } from '../../../src/server/executor.js';
import { schema as graph, portsOf, T0, type World } from '../graph/graph-world.js';

const world: World = {
  clusters: ['edge', 'core', 'dark'],
  dead: ['dark'],
  inventory: Object.fromEntries(
    ['edge', 'core'].map((cluster) => [
      cluster,
      {
        nodes: new Map(
          ['a', 'b', 'c'].map((name) => [
            name,
            { name, kubeletVersion: 'v1', kernelVersion: null, osImage: null, internalIP: '10.0.0.1' },
          ]),
        ),
        nodeStates: new Map([['a', { ready: true, conditions: [{ type: 'Ready', status: 'TRUE' as const }] }]]),
        pods: new Map([['shop/p', { namespace: 'shop', name: 'p', uid: null, node: 'a' }]]),
        containers: new Map([['shop/p/app', { namespace: 'shop', pod: 'p', name: 'app', image: null }]]),
        containerStates: new Map(),
        microservices: new Map(),
      },
    ]),
  ),
  value: ({ family }, { key }) => (key === 'b' ? null : family.length / 3),
  failure: ({ family }, cluster) => {
    if (family === 'node.ioPressure') return new SourceError('REJECTED', `prometheus-${cluster}`, 'too many samples');
    const isLost = cluster === 'core' && family.startsWith('node.memory');
    return isLost ? new SourceError('UNAVAILABLE', 'prometheus-core', 'connection refused') : null;
  },
};

const small: GraphQLSchema = buildSchema(`
  interface Named { name: String! }
  type Query { items(first: Int = 2, tags: [String!]): [Item!] item(id: ID!): Item must: Item! any: Named named: [Named] colour: Colour broken: Int count: Int }
  type Item implements Named { name: String! maybe: String child: Item must: String! mustChild: Child! children: [Child!]! loose: [Child] at(hour: Int!): String }
  type Child implements Named { name: String! must: Int! }
  enum Colour { RED GREEN }
`);
const child = (must: unknown) => ({ __typename: 'Child', name: 'child', must });
const itemOf = (name: string): object => ({
  __typename: 'Item',
  name,
  maybe: null,
  child: () => itemOf(`${name}'`),
  must: name === 'bad' ? null : Promise.resolve('yes'),
  mustChild: () => Promise.resolve(child(name === 'bad' ? null : 1)),
  children: [child(1), child(2)],
  loose: async () => [child(1), child(null), null],
  at: ({ hour }: { hour: number }) => {
    if (hour > 23) throw new InputError('there is no such hour');
    return `${hour}:00`;
  },
});
/** Compiled code takes properties as they are, so that promises and functions are resolvers here. */
const given: Readonly<Record<string, (...args: never[]) => unknown>> = {
  items: ({ first, tags }: { first: number; tags?: string[] }) =>
    ['one', 'bad', ...(tags ?? [])].slice(0, first).map(itemOf),
  item: async ({ id }: { id: string }) => (id === 'none' ? null : itemOf(id)),
  must: () => null,
  any: () => itemOf('any'),
  named: () => [itemOf('x'), child(3), null],
  colour: () => 'RED',
  broken: () => 'not a number',
  count: () => Promise.reject(new Error('secret')),
};
for (const type of ['Query', 'Item', 'Child']) {
  const object = small.getType(type) as { getFields(): Record<string, { resolve?: unknown }> };
  for (const [name, field] of Object.entries(object.getFields())) {
    field.resolve = (source: Record<string, unknown> | undefined, args: unknown) => {
      const value = type === 'Query' ? given[name] : source?.[name];
      return typeof value === 'function' ? value(args) : value;
    };
  }
}

const metric = '{ value missing unit at measurement { source promql window dataSource partial } }';
const corpus: readonly (readonly [GraphQLSchema, string, Record<string, unknown>?, string?])[] = [
  [small, '{ items { name maybe child { name child { name } } } }'],
  [small, '{ a: items(first: 1) { n: name } b: items(tags: ["x"], first: 3) { name m: must } }'],
  [small, '{ items { mustChild { must } } }'],
  [small, '{ items { name children { name must } loose { name must } } }'],
  [small, '{ item(id: "bad") { name must } must { name } }'],
  [small, '{ item(id: "none") { name } colour broken count }'],
  [
    small,
    '{ any { __typename name ... on Item { maybe must } ...C } named { ...C __typename } } fragment C on Child { own: must }',
  ],
  [small, 'query ($n: Int!, $t: [String!]) { items(first: $n, tags: $t) { name } }', { n: 3, t: ['z'] }],
  [small, 'query ($n: Int!, $t: [String!]) { items(first: $n, tags: $t) { name } }', { n: 'x' }],
  [small, 'query ($n: Int! = 1) { items(first: $n) { name } }', {}],
  [small, 'query ($n: Int!) { items(first: $n) { name } }', {}],
  [small, 'query ($h: Int = 7) { item(id: "i") { early: at(hour: $h) late: at(hour: 99) name } }', {}],
  [
    small,
    'query ($yes: Boolean!) { items { name @skip(if: $yes) maybe @include(if: $yes) ...F @include(if: $yes) } } fragment F on Item { m: must }',
    { yes: true },
  ],
  [
    small,
    'query ($yes: Boolean!) { items { name @skip(if: $yes) maybe @include(if: $yes) ...F @include(if: $yes) } } fragment F on Item { m: must }',
    { yes: false },
  ],
  [small, 'query A { colour } query B { items { name } }', {}, 'B'],
  [small, 'query A { colour } query B { items { name } }', {}, 'C'],
  [small, '{ __schema { queryType { name } types { name kind } } __type(name: "Colour") { enumValues { name } } }'],
  [
    graph,
    `{ clusters { id name nodes { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id } } nodes { id name internalIP ready cpuUsage ${metric} load1 { value } } } } }`,
  ],
  [
    graph,
    `{ cluster(name: "edge") { nodes { nodes { name conditions { type status } pods { nodes { name containers { name cpuUsage { value series(last: "10m", step: "1m") { times values points { time value } } } } } } } } } }`,
  ],
  [
    graph,
    'query ($w: Duration = "1h", $first: Int) { cluster(name: "core") { nodes(first: $first, orderBy: { by: NAME }) { nodes { name a: cpuUsage(window: $w) { value } b: cpuUsage(window: "0s") { value } } } } }',
    { first: 2 },
  ],
  [graph, 'query ($first: Int) { cluster(name: "core") { nodes(first: $first) { nodes { name } } } }', { first: 1e9 }],
  [graph, '{ entity(id: "bm9wZQ") { id __typename } cluster(name: "nothing") { name } }'],
  [
    graph,
    '{ clusters { containers { nodes { __typename ...on Container { name state pod { name } memoryWorkingSet { value missing } } } } microservices { totalCount } } }',
  ],
  [graph, 'query ($f: ViolationFilter) { violations(filter: $f) { totalCount } }', { f: { slo: null } }],
  [
    small,
    'query ($constructor: Int = 1, $__proto__: Int = 1) { a: items(first: $constructor) { name } b: items(first: $__proto__) { name } }',
  ],
  [
    graph,
    `{ clusters { nodes { nodes { name ready roles zone kernelVersion ioPressure { value missing } memoryUsage ${metric} again: memoryUsage { value } } edges { cursor node { id load1 { value } mine: cpuUsage { missing } } } } } }`,
  ],
  [
    graph,
    `{ clusters { nodes { edges { node { why: ioPressure { missing measurement { promql } } schedulable } } } pods { nodes { name phase ready networkReceiveRate { value } } } } }`,
  ],
  [
    graph,
    'query ($no: Boolean = false, $w: Duration) { clusters { nodes { nodes { ...N cpuUsage(window: $w) { value } } } } } fragment N on Node { ready @include(if: $no) internalIP load1 @skip(if: $no) { value } }',
    { w: '10m' },
  ],
  [
    graph,
    '{ clusters { nodes { nodes { a: cpuUsage { value } b: cpuUsage(window: "1h") { value measurement { window } } } } } }',
  ],
  [graph, '{ clusters { nodes { nodes { cpuUsage(window: "0s") { value } ready } } } }'],
  [
    graph,
    '{ clusters { cpuUtilization { value } containers { nodes { restarts stateReason lastTerminationReason cpuUsage { value } } } } }',
  ],
  [
    graph,
    '{ clusters { pods { nodes { node { name ready load1 { value } } } } nodes { nodes { load1 { value } } } } }',
  ],
  [
    graph,
    '{ a: cluster(name: "edge") { nodes { nodes { cpuUsage { value } } } } b: cluster(name: "edge") { nodes { nodes { cpuUsage(window: "9m") { value } } } } }',
  ],
  [graph, '{ clusters { nodes { nodes { ready load1 { value } } } nodes { nodes { pods { totalCount } } } } }'],
  [
    graph,
    '{ clusters { nodes { nodes { ready } } } ...F } fragment F on Query { clusters { nodes { edges { node { conditions { type } } } } } }',
  ],
  [
    graph,
    'query ($x: Boolean!) { clusters { nodes { nodes { ready } } nodes @include(if: $x) { nodes { pods { totalCount } } } } }',
    { x: false },
  ],
  [
    graph,
    '{ clusters { nodes { nodes { cpuUsage { value measurement { window } } ... on Entity { ... on Container { cpuUsage(window: "1h") { value } } } } } } }',
  ],
  [graph, '{ violations { totalCount nodes { id } } slos { totalCount nodes { name } } }'],
];

/** Where an error made null: its own field, or one above it. */
function nulledAt(data: unknown, path: readonly (string | number)[] = []): readonly (string | number)[] {
  let value = data;
  for (let depth = 0; depth <= path.length; depth += 1) {
    if (value === null || value === undefined) return path.slice(0, depth);
    value = (value as Record<string | number, unknown>)[path[depth] ?? ''];
  }
  return path;
}

/**
 * What a client sees of an answer. Compiled code meets errors in an order of its own, and of several that make the same
 * field above them null it may tell others: any of them is right.
 */
async function answerOf(
  name: 'graphql-jit' | 'graphql-js',
  [schema, source, variables, operationName]: (typeof corpus)[number],
) {
  const document = parse(source);
  expect(validate(schema, document)).toEqual([]);
  const { ports } = portsOf(world);
  const context = createGraphContext(ports, {
    caller: { name: 'test', scope: everything, rights: new Set() },
    nowMs: T0,
    gridMs: 5_000,
  });
  const execute = createExecutor(schema, name);
  const run = () => execute({ document, variables, operationName })(context);
  await run();
  const { data, errors } = await run();
  const shown = (errors ?? []).map((error: GraphQLError) => {
    const at = nulledAt(data, error.path);
    const cause =
      error.originalError instanceof GatewayError ? error.originalError.code : error.originalError instanceof Error;
    return JSON.stringify(at.length < (error.path?.length ?? 0) ? { at } : { ...error.toJSON(), cause });
  });
  const problems = context.takeProblems().map(({ error, path }) => ({ code: error.code, path }));
  return JSON.parse(JSON.stringify({ data, errors: [...new Set(shown)].sort(), problems }));
}

describe('compiled operations', () => {
  it.each(corpus.map((entry) => [entry[1], entry] as const))('answer as the reference does: %s', async (_, entry) => {
    expect(await answerOf('graphql-jit', entry)).toEqual(await answerOf('graphql-js', entry));
  });
});

describe('an operation that is given up', () => {
  it.each(['state ready restarts', 'state ready restarts cpuUsage { value }', 'state ready pod { name }'])(
    'leaves no rejection that nobody handles, with %s selected',
    async (fields) => {
      const unhandled: unknown[] = [];
      const onUnhandled = (reason: unknown) => unhandled.push(reason);
      process.on('unhandledRejection', onUnhandled);
      onTestFinished(() => void process.off('unhandledRejection', onUnhandled));
      const { ports } = portsOf(world);
      const gone = new Error('gone');
      const context = createGraphContext(
        {
          ...ports,
          inventory: {
            read: (facet, ...rest) =>
              facet === 'containerStates' ? Promise.reject(gone) : ports.inventory.read(facet, ...rest),
          },
        },
        { caller: { name: 'test', scope: everything, rights: new Set() }, nowMs: T0, gridMs: 5_000 },
      );
      const document = parse(`{ clusters { containers { nodes { name ${fields} } } } }`);
      const { errors } = await createExecutor(graph, 'graphql-jit')({ document })(context);
      expect(errors?.[0]?.originalError).toBe(gone);
      // Node tells of what nobody handles when the turn of the event loop is over.
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    },
  );
});
