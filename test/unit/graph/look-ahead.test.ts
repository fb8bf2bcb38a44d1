import 'reflect-metadata';
import { type GraphQLObjectType, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../src/domain/errors.js';
import type { Inventory } from '../../../src/domain/model.js';
import { familyOf } from '../../../src/graph/wishes.js';
import { ask, schema, type World } from './graph-world.js';

const bare = { kubeletVersion: 'v1.31.0', kernelVersion: null, osImage: null, internalIP: null };
const inventory: Partial<Inventory> = {
  nodes: new Map(['n0', 'n1'].map((name) => [name, { name, ...bare }])),
  pods: new Map(['p0', 'p1'].map((name) => [`shop/${name}`, { namespace: 'shop', name, uid: null, node: 'n0' }])),
  containers: new Map(
    ['p0', 'p1'].map((pod) => [`shop/${pod}/app`, { namespace: 'shop', pod, name: 'app', image: null }]),
  ),
  microservices: new Map(['cart', 'pay'].map((name) => [`shop/${name}`, { namespace: 'shop', name, workloads: [] }])),
};

/** Every question has a value of its own, so that one taken for another is seen. */
const world: World = {
  clusters: ['edge'],
  inventory: { edge: inventory },
  value: ({ family, windowMs, quantile }, { key }) =>
    key.endsWith('1')
      ? null
      : [...`${family} ${windowMs} ${quantile} ${key}`].reduce((sum, c) => sum * 31 + c.charCodeAt(0), 7) % 1e6,
};

const lists = { Node: 'nodes', Pod: 'pods', Container: 'containers', Microservice: 'microservices' } as const;
const METRIC = '{ value missing unit at measurement { source promql window dataSource partial } }';

function figuresOf(type: keyof typeof lists): string {
  const object = schema.getType(type) as GraphQLObjectType;
  const figures = Object.values(object.getFields()).filter((field) => familyOf(object, field) !== null);
  return figures
    .flatMap(({ name, args }) => {
      const given = args.map((arg) => (arg.name === 'window' ? 'window: "7m"' : 'quantile: 0.5')).join(', ');
      const nothing = args.map((arg) => `${arg.name}: null`).join(', ');
      const plain = `${name} ${METRIC}`;
      return args.length === 0
        ? [plain]
        : [plain, `given_${name}: ${name}(${given}) ${METRIC}`, `nothing_${name}: ${name}(${nothing}) ${METRIC}`];
    })
    .join('\n');
}

const listOf = (list: string, fields: string) => `{ clusters { ${list} { nodes { id ${fields} } } } }`;

describe('a list that fetches its figures ahead', () => {
  it.each(Object.entries(lists))(
    'answers the figures of %s as their resolvers do, for as many reads',
    async (type, list) => {
      const figures = figuresOf(type as keyof typeof lists);
      const ahead = await ask(world, listOf(list, figures));
      // Another entity: this list does not wait.
      const leadsOn = type === 'Pod' || type === 'Container' ? 'node { name }' : 'cluster { name }';
      const later = await ask(world, listOf(list, `${figures} ${leadsOn}`));
      const strip = (data: unknown) =>
        JSON.parse(JSON.stringify(data), (key, value) => (key === 'cluster' || key === 'node' ? undefined : value));
      expect(ahead.codes).toEqual([]);
      expect(strip(ahead.data)).toEqual(strip(later.data));
      expect(ahead.calls.values.length).toBe(later.calls.values.length);
    },
  );

  it('knows every figure of these types that stands in the catalogue', () => {
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isObjectType(type) || !Object.hasOwn(lists, type.name)) continue;
      const metrics = Object.values(type.getFields()).filter((field) => String(field.type) === 'Metric!');
      expect(metrics.filter((field) => familyOf(type, field) === null).map(({ name }) => name)).toEqual([]);
    }
  });

  it('leaves out what directives leave out, and finds what fragments and edges hold', async () => {
    const { data, calls } = await ask(
      world,
      `query ($no: Boolean = false) {
        clusters { nodes { edges { node { ...Load cpuUsage @include(if: $no) { value } } } nodes { ... on Node { load1 { value } } } } }
      }
      fragment Load on Entity { id ... on Node { load1 { value } memoryUsage @skip(if: true) { value } } }`,
    );
    expect(calls.values.map(({ question }) => question.family)).toEqual(['node.load1']);
    expect(JSON.stringify(data)).toContain('"load1":{"value":');
  });

  it('tells of a wrong argument where it stands', async () => {
    const wrong = await ask(world, listOf('nodes', 'name load1 { value } cpuUsage(window: "0s") { value }'));
    expect(new Set(wrong.codes)).toEqual(new Set(['BAD_INPUT']));
  });

  it('answers the others where some figures cannot be read, with one error per source and cause', async () => {
    const failing: World = {
      ...world,
      clusters: ['edge', 'core'],
      inventory: { edge: inventory, core: inventory },
      value: () => 1,
      failure: ({ family }, cluster) => {
        if (cluster === 'core' && family !== 'node.cpuUsage') return null;
        const source = `prometheus-${cluster}`;
        if (family === 'node.load1') return new SourceError('UNAVAILABLE', source, 'connection refused');
        return family === 'node.cpuUsage' ? new SourceError('REJECTED', source, 'too many samples') : null;
      },
    };
    const figures =
      'load1 { value missing } cpuUsage { value missing } memoryUsage { value missing } again: load1 { value }';
    const ahead = await ask(failing, listOf('nodes', figures));
    const known = { value: 1, missing: null };
    const lost = { value: null, missing: 'SOURCE_UNAVAILABLE' };
    const edge = expect.objectContaining({ load1: lost, cpuUsage: lost, memoryUsage: known, again: { value: null } });
    const core = expect.objectContaining({ load1: known, cpuUsage: lost, memoryUsage: known, again: { value: 1 } });
    expect(ahead.codes).toEqual([]);
    expect(ahead.data).toEqual({ clusters: [{ nodes: { nodes: [edge, edge] } }, { nodes: { nodes: [core, core] } }] });
    const told = ahead.sourceErrors.map(({ extensions, message }) => `${extensions?.dataSource} ${message}`);
    expect(told).toEqual([
      expect.stringMatching(/^prometheus-edge .*connection refused/),
      expect.stringMatching(/^prometheus-edge .*too many samples/),
      expect.stringMatching(/^prometheus-core .*too many samples/),
    ]);
    // Nothing is asked a second time because it failed.
    expect(ahead.calls.values.map(({ question }) => question.family).sort()).toEqual([
      'node.cpuUsage',
      'node.load1',
      'node.memoryUsage',
    ]);
    const later = await ask(failing, listOf('nodes', `${figures} cluster { name }`));
    expect(later.sourceErrors.map(({ message }) => message).sort()).toEqual(
      ahead.sourceErrors.map(({ message }) => message).sort(),
    );
  });

  it('asks for facts of its items together with those of items elsewhere', async () => {
    const both = { ...world, clusters: ['edge', 'core'], inventory: { edge: inventory, core: inventory } };
    const operation = (more: string) => `{
      a: cluster(name: "edge") { containers { nodes { state restarts pod { name } cpuUsage { value } ${more} } } }
      b: cluster(name: "core") { pods { nodes { containers { state cpuUsage { value } node { name } } } } }
    }`;
    const ahead = await ask(both, operation(''));
    const later = await ask(both, operation('node { name }'));
    const read = ({ calls }: typeof ahead) =>
      calls.facets
        .map(({ facet }) => facet)
        .filter((facet) => facet !== 'pods')
        .sort();
    expect(read(ahead)).toEqual(read(later));
    expect(ahead.calls.values).toHaveLength(1);
    expect(later.calls.values).toHaveLength(1);
  });
});
