import { describe, expect, it } from 'vitest';
import { scopeOf } from '../../../src/domain/access.js';
import { encodeId } from '../../../src/domain/entity.js';
import { ask, onlyNamespace, slo, violation, type World } from './graph-world.js';

const service = (namespace: string, name: string) => ({ namespace, name, workloads: [{ namespace, name }] });
const services = (...keys: string[]) =>
  new Map(keys.map((key) => [key, service(...(key.split('/') as [string, string]))] as const));
const labelled = (application: string, ...microservices: string[]) => ({ application, microservices });

/** An application of the configuration in two clusters, one of labels, one that only an SLO names. */
const world: World = {
  clusters: ['edge', 'core'],
  applications: [
    {
      name: 'crosswalk',
      description: 'Tells pedestrians',
      microservices: [
        { namespace: 'crosswalk', name: null },
        { namespace: 'shared', name: 'risk' },
      ],
      clusters: null,
    },
  ],
  inventory: {
    edge: {
      microservices: services('crosswalk/detector', 'shared/risk', 'shared/cart', 'shared/orphan'),
      applications: new Map([
        ['crosswalk/detector-1', labelled('other', 'crosswalk/detector')],
        ['shared/cart-1', labelled('webshop', 'shared/cart')],
      ]),
    },
    core: {
      microservices: services('crosswalk/archive'),
      applications: new Map([['batch/trainer-1', labelled('training')]]),
    },
  },
  value: () => 2,
  keys: ({ family }, cluster) => {
    if (family !== 'serviceEdge.requestRate') return [];
    return cluster === 'core'
      ? ['crosswalk/gateway/crosswalk/archive/http']
      : ['crosswalk/detector/shared/risk/http', 'shared/cart/shared/orphan/grpc', 'shared/risk/shared/cart/http'];
  },
  slos: [
    slo('detector-latency', { state: 'OK' }),
    slo('archive-durability', { state: 'STALE' }, { cluster: 'core', microservice: null, application: 'crosswalk' }),
    slo('cart-availability', { state: 'AT_RISK' }, { microservice: { namespace: 'shared', name: 'cart' } }),
    slo('lag', { state: 'NO_DATA' }, { microservice: null, application: 'streaming' }),
    slo('nobody', { state: 'VIOLATED' }, { microservice: null }),
  ],
  violations: [
    violation({ id: 'v1', application: null }),
    violation({ id: 'v2', application: null, microservice: { namespace: 'shared', name: 'cart' } }),
    violation({ id: 'v3', application: 'streaming', microservice: null }),
  ],
};

const everything = `{ applications {
  name description unreachable health microservices { namespace name cluster { name } } clusters { name }
  slos { nodes { name } } violations { nodes { id } } } }`;

describe('applications', () => {
  it('are those of the configuration, of labels and of SLOs, with their parts in every cluster', async () => {
    const { data, codes, sourceErrors } = await ask(world, everything);

    expect(codes).toEqual([]);
    expect(sourceErrors).toEqual([]);
    const nothing = {
      description: null,
      unreachable: [],
      health: null,
      microservices: [],
      slos: { nodes: [] },
      violations: { nodes: [] },
    };
    expect(data).toEqual({
      applications: [
        {
          name: 'crosswalk',
          description: 'Tells pedestrians',
          unreachable: [],
          health: 'STALE',
          microservices: [
            { namespace: 'crosswalk', name: 'archive', cluster: { name: 'core' } },
            { namespace: 'crosswalk', name: 'detector', cluster: { name: 'edge' } },
            { namespace: 'shared', name: 'risk', cluster: { name: 'edge' } },
          ],
          clusters: [{ name: 'edge' }, { name: 'core' }],
          slos: { nodes: [{ name: 'archive-durability' }, { name: 'detector-latency' }] },
          violations: { nodes: [{ id: encodeId('Violation', 'v1') }] },
        },
        { ...nothing, name: 'other', clusters: [{ name: 'edge' }] },
        {
          ...nothing,
          name: 'streaming',
          clusters: [],
          health: 'NO_DATA',
          slos: { nodes: [{ name: 'lag' }] },
          violations: { nodes: [{ id: encodeId('Violation', 'v3') }] },
        },
        { ...nothing, name: 'training', clusters: [{ name: 'core' }] },
        {
          ...nothing,
          name: 'webshop',
          health: 'AT_RISK',
          microservices: [{ namespace: 'shared', name: 'cart', cluster: { name: 'edge' } }],
          clusters: [{ name: 'edge' }],
          slos: { nodes: [{ name: 'cart-availability' }] },
          violations: { nodes: [{ id: encodeId('Violation', 'v2') }] },
        },
      ],
    });
  });

  it('cost as many reads as parts of the inventory, however many there are', async () => {
    const { calls } = await ask(world, everything);

    expect(calls.facets.map(({ facet, clusters }) => [facet, clusters])).toEqual([
      ['applications', ['edge', 'core']],
      ['microservices', ['edge', 'core']],
    ]);
  });

  it('have a service graph over all clusters, with those at the other end of its calls', async () => {
    const { data } = await ask(
      world,
      `{ application(name: "crosswalk") { serviceGraph(window: "10m") {
        nodes { name cluster { name } } outside edges { sourceName targetName requestRate { value measurement { window } } } } } }`,
    );

    const rate = { value: 2, measurement: { window: '10m' } };
    expect(data).toEqual({
      application: {
        serviceGraph: {
          nodes: [
            { name: 'archive', cluster: { name: 'core' } },
            { name: 'detector', cluster: { name: 'edge' } },
            { name: 'cart', cluster: { name: 'edge' } },
            { name: 'risk', cluster: { name: 'edge' } },
          ],
          outside: ['gateway'],
          edges: [
            { sourceName: 'detector', targetName: 'risk', requestRate: rate },
            { sourceName: 'risk', targetName: 'cart', requestRate: rate },
            { sourceName: 'gateway', targetName: 'archive', requestRate: rate },
          ],
        },
      },
    });
  });

  it('are found by name and by id, and are null where nobody knows them', async () => {
    const { data, codes } = await ask(
      world,
      `query ($known: ID!, $unknown: ID!) {
        application(name: "webshop") { id } nobody: application(name: "nobody") { id } empty: application(name: "") { id }
        entity(id: $known) { id ... on Application { name } } unknown: entity(id: $unknown) { id }
      }`,
      { known: encodeId('Application', 'webshop'), unknown: encodeId('Application', 'nobody') },
    );

    expect(codes).toEqual([]);
    const id = encodeId('Application', 'webshop');
    expect(data).toEqual({
      application: { id },
      nobody: null,
      empty: null,
      entity: { id, name: 'webshop' },
      unknown: null,
    });
  });
});

it('a service graph knows a caller from another cluster, unless two could be it', async () => {
  const elsewhere = (...sites: string[]): World => ({
    clusters: [...sites, 'core'],
    applications: world.applications ?? [],
    inventory: {
      ...Object.fromEntries(sites.map((site) => [site, { microservices: services('crosswalk/detector') }])),
      core: { microservices: services('crosswalk/archive') },
    },
    value: () => 1,
    keys: ({ family }, cluster) =>
      family === 'serviceEdge.requestRate' && cluster === 'core' ? ['crosswalk/detector/crosswalk/archive/http'] : [],
  });
  const question =
    '{ application(name: "crosswalk") { serviceGraph { outside edges { source { cluster { name } } } } } }';

  expect((await ask(elsewhere('a'), question)).data).toEqual({
    application: { serviceGraph: { outside: [], edges: [{ source: { cluster: { name: 'a' } } }] } },
  });
  expect((await ask(elsewhere('a', 'b'), question)).data).toEqual({
    application: { serviceGraph: { outside: ['detector'], edges: [{ source: null }] } },
  });
});

describe('what belongs to an application', () => {
  it('names it: microservices, SLOs and violations, by definition, configuration and label in that order', async () => {
    const { data } = await ask(
      world,
      `{ microservices { nodes { name application { name } } } slos { nodes { name application { name description } } }
         violations { nodes { id application { name } } } }`,
    );

    expect(data).toEqual({
      microservices: {
        nodes: [
          { name: 'archive', application: { name: 'crosswalk' } },
          { name: 'cart', application: { name: 'webshop' } },
          { name: 'detector', application: { name: 'crosswalk' } },
          { name: 'orphan', application: null },
          { name: 'risk', application: { name: 'crosswalk' } },
        ],
      },
      slos: {
        nodes: [
          { name: 'archive-durability', application: { name: 'crosswalk', description: 'Tells pedestrians' } },
          { name: 'cart-availability', application: { name: 'webshop', description: null } },
          { name: 'detector-latency', application: { name: 'crosswalk', description: 'Tells pedestrians' } },
          { name: 'lag', application: { name: 'streaming', description: null } },
          { name: 'nobody', application: null },
        ],
      },
      violations: {
        nodes: [
          { id: encodeId('Violation', 'v1'), application: { name: 'crosswalk' } },
          { id: encodeId('Violation', 'v2'), application: { name: 'webshop' } },
          { id: encodeId('Violation', 'v3'), application: { name: 'streaming' } },
        ],
      },
    });
  });

  it('is listed by a filter that names it; what belongs to none counts as empty', async () => {
    const { data } = await ask(
      world,
      `{ microservices(filter: { application: { regex: "web.*" } }) { totalCount nodes { name } }
         orphans: microservices(filter: { application: { eq: "" } }) { nodes { name } }
         slos(filter: { application: { in: ["webshop", "streaming"] } }) { nodes { name } }
         without: slos(filter: { application: { eq: "" } }) { nodes { name } }
         violations(filter: { application: { not: { eq: "crosswalk" } } }) { totalCount } }`,
    );

    expect(data).toEqual({
      microservices: { totalCount: 1, nodes: [{ name: 'cart' }] },
      orphans: { nodes: [{ name: 'orphan' }] },
      slos: { nodes: [{ name: 'cart-availability' }, { name: 'lag' }] },
      without: { nodes: [{ name: 'nobody' }] },
      violations: { totalCount: 2 },
    });
  });

  it('reads no labels where the definition or the configuration tells', async () => {
    const { calls } = await ask(world, '{ slo(name: "detector-latency") { application { name } } }');

    expect(calls.facets).toEqual([]);
  });
});

it('is not described to who only labels a pod like it', async () => {
  const labels = new Map([['batch/mine', labelled('crosswalk')]]);
  const scoped = (namespace: string): World => ({
    ...world,
    scope: scopeOf(null, [namespace]),
    inventory: { ...world.inventory, edge: { ...world.inventory?.edge, applications: labels } },
  });
  const question = '{ application(name: "crosswalk") { name description } }';

  expect((await ask(scoped('batch'), question)).data).toEqual({
    application: { name: 'crosswalk', description: null },
  });
  expect((await ask(scoped('shared'), question)).data).toEqual({
    application: { name: 'crosswalk', description: 'Tells pedestrians' },
  });
});

describe('a source that does not answer', () => {
  const dead: World = {
    ...world,
    dead: ['edge'],
    lastKnown: { edge: new Map([['shared/cart-1', labelled('webshop', 'shared/cart')]]) },
  };

  it('leaves applications that labels named in its last good answer, and says whose parts may be missing', async () => {
    const { data, sourceErrors } = await ask(dead, everything);

    const applications = data?.applications as { name: string; unreachable: string[]; slos: object }[];
    expect(applications.map(({ name }) => name)).toEqual(['crosswalk', 'streaming', 'training', 'webshop']);
    for (const { unreachable } of applications) expect(unreachable).toEqual(['edge']);
    expect(applications[0]).toMatchObject({
      microservices: [{ name: 'archive' }],
      clusters: [{ name: 'core' }],
      health: 'STALE',
    });
    expect(applications[3]).toMatchObject({
      microservices: [],
      clusters: [{ name: 'edge' }],
      health: 'AT_RISK',
      slos: { nodes: [{ name: 'cart-availability' }] },
    });
    expect(sourceErrors.map(({ extensions }) => extensions)).toEqual([
      { code: 'SOURCE_UNAVAILABLE', retryable: true, dataSource: 'prometheus-edge' },
    ]);
  });

  it('makes null what no cluster can tell', async () => {
    const { data } = await ask(
      { ...dead, dead: ['edge', 'core'] },
      '{ applications { name microservices { name } serviceGraph { outside } } }',
    );

    const unknown = { microservices: null, serviceGraph: null };
    expect(data).toEqual({
      applications: ['crosswalk', 'streaming', 'webshop'].map((name) => ({ name, ...unknown })),
    });
  });
});

describe('a caller of a part', () => {
  const question = '{ applications { name microservices { name } clusters { name } } }';

  it('sees applications of its namespaces, and of them what is in those', async () => {
    const { data } = await ask({ ...world, scope: onlyNamespace('shared') }, question);

    expect(data).toEqual({
      applications: [
        { name: 'crosswalk', microservices: [{ name: 'risk' }], clusters: [{ name: 'edge' }] },
        { name: 'streaming', microservices: [], clusters: [] },
        { name: 'webshop', microservices: [{ name: 'cart' }], clusters: [{ name: 'edge' }] },
      ],
    });
  });

  it('sees applications of its clusters, and of them what is in those', async () => {
    const { data, calls } = await ask({ ...world, scope: scopeOf(['core'], null) }, question);

    expect(data).toEqual({
      applications: [
        { name: 'crosswalk', microservices: [{ name: 'archive' }], clusters: [{ name: 'core' }] },
        { name: 'training', microservices: [], clusters: [{ name: 'core' }] },
      ],
    });
    expect(calls.facets.flatMap(({ clusters }) => clusters)).not.toContain('edge');
  });
});
