import { describe, expect, it } from 'vitest';
import { scopeOf } from '../../../src/domain/access.js';
import { anSli } from '../domain/slo-examples.js';
import { ask, event, onlyNamespace, slo, T0, violation, type World } from './graph-world.js';

const node = { kubeletVersion: null, kernelVersion: null, osImage: null, internalIP: null };
const pod = (namespace: string, name: string) => ({ namespace, name, uid: null, node: 'n1' });

const world: World = {
  clusters: ['core', 'edge'],
  dead: ['edge'],
  inventory: {
    core: {
      nodes: new Map([['n1', { name: 'n1', ...node }]]),
      namespaces: new Set(['b', 'a']),
      pods: new Map([
        ['a/p', pod('a', 'p')],
        ['b/p', pod('b', 'p')],
      ]),
      microservices: new Map([
        ['a/s', { namespace: 'a', name: 's', workloads: [] }],
        ['b/s', { namespace: 'b', name: 's', workloads: [] }],
      ]),
    },
  },
  value: () => 1,
};

describe('a source that does not answer', () => {
  it('makes its fields null, says so once, and leaves the others complete', async () => {
    const { data, codes, sourceErrors } = await ask(
      world,
      `{ clusters { name reachable cpuUtilization { value missing unit } nodes { nodes { name cpuUsage { value } } } namespaces
         pods { totalCount } microservices { totalCount } serviceGraph { edges { protocol } } } }`,
    );

    expect(codes).toEqual([]);
    expect(data).toEqual({
      clusters: [
        {
          name: 'core',
          reachable: true,
          cpuUtilization: { value: 1, missing: null, unit: 'RATIO' },
          nodes: { nodes: [{ name: 'n1', cpuUsage: { value: 1 } }] },
          namespaces: ['a', 'b'],
          pods: { totalCount: 2 },
          microservices: { totalCount: 2 },
          serviceGraph: { edges: [] },
        },
        {
          name: 'edge',
          reachable: false,
          cpuUtilization: { value: null, missing: 'SOURCE_UNAVAILABLE', unit: 'RATIO' },
          nodes: null,
          namespaces: null,
          pods: null,
          microservices: null,
          serviceGraph: null,
        },
      ],
    });
    expect(sourceErrors).toEqual([
      {
        message: 'prometheus-edge: connection refused',
        path: ['clusters', 1, expect.any(String)],
        extensions: { code: 'SOURCE_UNAVAILABLE', retryable: true, dataSource: 'prometheus-edge' },
      },
    ]);
  });

  it('is named by a list over all clusters, which goes on without it', async () => {
    const { data, sourceErrors } = await ask(
      world,
      '{ microservices { totalCount unreachable nodes { name namespace } } }',
    );

    expect(data).toEqual({
      microservices: {
        totalCount: 2,
        unreachable: ['edge'],
        nodes: [
          { name: 's', namespace: 'a' },
          { name: 's', namespace: 'b' },
        ],
      },
    });
    expect(sourceErrors.map(({ path }) => path)).toEqual([['microservices']]);
  });
});

describe('what JSON has no number for', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'is null for %s, and says why',
    async (value) => {
      const { data } = await ask(
        { ...world, value: () => value },
        '{ cluster(name: "core") { cpuUtilization { value missing } } }',
      );

      expect(data).toEqual({ cluster: { cpuUtilization: { value: null, missing: 'NOT_A_NUMBER' } } });
    },
  );

  it('is null in an SLO, too', async () => {
    const { data, codes } = await ask(
      { clusters: ['edge'], slos: [slo('a')] },
      `{ slo(name: "a") { sli { kind good total raw source dataSource } labels { name value } objectives {
        target burnRate other: burnRate(window: "7m") errorBudget { remainingTime exhaustsAt remainingRatio } coverage { ratio age } good } } }`,
    );

    expect(codes).toEqual([]);
    expect(data).toEqual({
      slo: {
        sli: {
          kind: 'RATIO',
          good: 'good_objective_1',
          total: 'total',
          raw: null,
          source: 'ISTIO',
          dataSource: 'prometheus-edge',
        },
        labels: [{ name: 'team', value: 'vision' }],
        objectives: [
          {
            target: 0.999,
            burnRate: null,
            other: null,
            errorBudget: { remainingTime: '15d', exhaustsAt: null, remainingRatio: 0.5 },
            coverage: { ratio: 0, age: null },
            good: 9_995,
          },
        ],
      },
    });
  });
});

describe('when an SLI counts', () => {
  const conditions = (conditions: readonly string[], when: string | null) => {
    const text = when === null ? null : { text: when, path: '', line: 1, column: 1 };
    return slo('a', {}, { sli: anSli({ conditions, counting: { hours: [], when: text } }) });
  };
  const asked = '{ slo(name: "a") { sli { conditions condition } } }';

  it('is told as it was written, and as it is asked', async () => {
    const written = ['in service', 'when=up == 1'];
    const { data } = await ask({ clusters: ['edge'], slos: [conditions(written, 'up == 1')] }, asked);
    expect(data).toEqual({ slo: { sli: { conditions: written, condition: 'up == 1' } } });
  });

  it('is asked of nobody where words alone tell', async () => {
    const { data } = await ask({ clusters: ['edge'], slos: [conditions(['in service'], null)] }, asked);
    expect(data).toEqual({ slo: { sli: { conditions: ['in service'], condition: null } } });
  });
});

describe('what a caller may not see', () => {
  it('is not there: clusters', async () => {
    const { data, calls } = await ask(
      { ...world, scope: scopeOf(['core'], null), slos: [slo('a')] },
      `{ clusters { name } cluster(name: "edge") { name } microservice(cluster: "edge", namespace: "a", name: "s") { name }
         microservices { unreachable } slos { totalCount } slo(name: "a") { name } }`,
    );

    expect(data).toEqual({
      clusters: [{ name: 'core' }],
      cluster: null,
      microservice: null,
      microservices: { unreachable: [] },
      slos: { totalCount: 0 },
      slo: null,
    });
    expect(calls.facets.flatMap(({ clusters }) => clusters)).not.toContain('edge');
  });

  it('is not there: namespaces, also by id and through the nodes they share', async () => {
    const all = await ask(world, '{ cluster(name: "core") { pods { nodes { id namespace } } } }');
    const { pods } = (all.data as { cluster: { pods: { nodes: { id: string; namespace: string }[] } } }).cluster;
    const hidden = pods.nodes.find(({ namespace }) => namespace === 'b')?.id;
    const { data } = await ask(
      {
        ...world,
        scope: onlyNamespace('a'),
        violations: [violation({ cluster: 'core' }), violation({ id: 'v2', microservice: null })],
      },
      `query ($id: ID!) { entity(id: $id) { id } violations { totalCount }
        cluster(name: "core") { namespaces pods { nodes { namespace } } microservices { nodes { namespace } } nodes { nodes { pods { totalCount } } } } }`,
      { id: hidden },
    );

    expect(data).toEqual({
      entity: null,
      violations: { totalCount: 0 },
      cluster: {
        namespaces: ['a'],
        pods: { nodes: [{ namespace: 'a' }] },
        microservices: { nodes: [{ namespace: 'a' }] },
        nodes: { nodes: [{ pods: { totalCount: 1 } }] },
      },
    });
  });

  it('leaves out broken definitions, of which nobody knows whom they concern', async () => {
    const query = '{ definitionProblems { file line column path message severity } }';

    const scoped = await ask(
      { ...world, scope: onlyNamespace('a') },
      `{ definitionProblems { message } clusters { name } }`,
    );
    expect([scoped.data?.definitionProblems, scoped.codes]).toEqual([[], []]);
    expect((await ask(world, query)).data).toEqual({
      definitionProblems: [
        { file: 'a.yaml', line: 3, column: 5, path: 'spec.service', message: 'is missing', severity: 'ERROR' },
      ],
    });
  });
});

describe('an entity', () => {
  const full: World = { ...world, dead: [], slos: [slo('a')], violations: [violation({ slo: 'a' })], log: [event(1)] };

  it('is found again by its id', async () => {
    const { data } = await ask(
      full,
      `{ clusters { id nodes { nodes { id } } pods { nodes { id } } microservices { nodes { id } } } slos { nodes { id } } violations { nodes { id } } }`,
    );
    const ids = [...JSON.stringify(data).matchAll(/"id":"([^"]+)"/g)].map(([, id]) => id);
    const kinds = await Promise.all(
      ids.map(async (id) => (await ask(full, 'query ($id: ID!) { entity(id: $id) { __typename id } }', { id })).data),
    );

    expect(kinds.map((found) => (found as { entity: { __typename: string } }).entity.__typename).sort()).toEqual(
      ['Cluster', 'Cluster', 'Microservice', 'Microservice', 'Node', 'Pod', 'Pod', 'SLO', 'Violation'].sort(),
    );
  });

  it('is not found by what is no id', async () => {
    expect((await ask(full, '{ entity(id: "n1") { id } }')).codes).toEqual(['BAD_INPUT']);
  });
});

describe('a violation', () => {
  it('keeps its name when its SLO is gone, and lasts up to the instant while it is open', async () => {
    const { data } = await ask(
      { clusters: ['edge'], violations: [violation({ id: 'v1' })], log: [event(1)] },
      '{ violation(id: "v1") { sloName slo { name } objective { id } duration microservice { name } events { eventId transition } deliveries { sink state } } }',
    );

    expect(data).toEqual({
      violation: {
        sloName: 'detector-latency',
        slo: null,
        objective: null,
        duration: '1m',
        microservice: { name: 'detector' },
        events: [{ eventId: 'event-1', transition: 'OPENED' }],
        deliveries: [{ sink: 'alertmanager', state: 'DELIVERED' }],
      },
    });
  });

  it('is listed newest first, or by severity', async () => {
    const violations = [
      violation({ id: 'old', severity: 'PAGE', startedAtMs: T0 - 3_000 }),
      violation({ id: 'new', severity: 'TICKET', startedAtMs: T0 - 1_000 }),
    ];
    const { data } = await ask(
      { clusters: ['edge'], violations },
      `{ violations { nodes { severity } } worst: violations(orderBy: { by: SEVERITY }) { nodes { severity } }
         late: violations(filter: { startedAfter: "${new Date(T0 - 1_000).toISOString()}" }) { totalCount } }`,
    );

    expect(data).toEqual({
      violations: { nodes: [{ severity: 'TICKET' }, { severity: 'PAGE' }] },
      worst: { nodes: [{ severity: 'PAGE' }, { severity: 'TICKET' }] },
      late: { totalCount: 1 },
    });
  });
});
