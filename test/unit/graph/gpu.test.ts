import { describe, expect, it } from 'vitest';
import type { GpuFacts, Inventory } from '../../../src/domain/model.js';
import { ask, onlyNamespace, T0, type World } from './graph-world.js';

const gpu = (key: string, facts: Partial<GpuFacts> = {}): [string, GpuFacts] => {
  const [uuid = ''] = key.split('/');
  return [key, { key, uuid, index: 0, model: 'L4', node: 'n1', containers: [], ...facts }];
};
const node = (name: string) => ({ name, kubeletVersion: null, kernelVersion: null, osImage: null, internalIP: null });
const holder = (namespace: string, pod: string) => ({ namespace, pod, name: 'app' });

const inventory: Partial<Inventory> = {
  nodes: new Map(['n1', 'n2', 'n3'].map((name) => [name, node(name)])),
  nodeHasGpu: new Map([
    ['n1', true],
    ['n2', false],
    ['n3', true],
  ]),
  containers: new Map([['a/p/app', { ...holder('a', 'p'), image: 'infer:1' }]]),
  gpus: new Map([
    gpu('u10', { index: 10, containers: [holder('b', 'q')] }),
    gpu('u2', { index: 2, containers: [holder('a', 'p'), holder('b', 'q')] }),
    gpu('u0'),
    gpu('u11/7', { index: 11, containers: [holder('a', 'p')] }),
    gpu('elsewhere', { node: null }),
  ]),
};
const world: World = {
  clusters: ['edge'],
  inventory: { edge: inventory },
  value: ({ family }, { key }) => (key === 'u0' ? null : family === 'gpu.lastXid' ? 79 : 0.5),
};

describe('the GPUs of a node', () => {
  it('are listed by number, those of each node once, with their figures', async () => {
    const { data, codes, calls } = await ask(
      world,
      `{ cluster(name: "edge") { nodes { nodes { name gpus {
           index uuid model lastXid node { name } utilization { value unit } memoryUsed { unit } memoryUtilization { unit }
           temperature { unit } power { unit missing } } } } } }`,
    );

    expect(codes).toEqual([]);
    const nodes = (data as { cluster: { nodes: { nodes: { name: string; gpus: unknown[] | null }[] } } }).cluster.nodes;
    const one = (index: number, uuid: string, isKnown = true) => ({
      index,
      uuid,
      model: 'L4',
      lastXid: isKnown ? 79 : null,
      node: { name: 'n1' },
      utilization: { value: isKnown ? 0.5 : null, unit: 'RATIO' },
      memoryUsed: { unit: 'BYTES' },
      memoryUtilization: { unit: 'RATIO' },
      temperature: { unit: 'CELSIUS' },
      power: { unit: 'WATTS', missing: isKnown ? null : 'NO_SAMPLE' },
    });
    expect(nodes.nodes).toEqual([
      { name: 'n1', gpus: [one(0, 'u0', false), one(2, 'u2'), one(10, 'u10'), one(11, 'u11')] },
      { name: 'n2', gpus: [] },
      // Kubernetes counts some, and no exporter tells of them.
      { name: 'n3', gpus: null },
    ]);
    expect(calls.values.map(({ question, count }) => [question.family, count]).sort()).toEqual([
      ['gpu.lastXid', 4],
      ['gpu.memoryUsed', 4],
      ['gpu.memoryUtilization', 4],
      ['gpu.power', 4],
      ['gpu.temperature', 4],
      ['gpu.utilization', 4],
    ]);
  });

  it.each([
    [true, ['n1', 'n3']],
    [false, ['n2']],
  ])('filter nodes: hasGPU %s', async (hasGPU, names) => {
    const { data } = await ask(
      world,
      `{ cluster(name: "edge") { nodes(filter: { hasGPU: ${hasGPU} }) { nodes { name } } } }`,
    );

    expect(data).toEqual({ cluster: { nodes: { nodes: names.map((name) => ({ name })) } } });
  });

  it('are not known when their source does not answer', async () => {
    const { data, sourceErrors } = await ask(
      { ...world, dead: ['edge'] },
      '{ cluster(name: "edge") { nodes(filter: { hasGPU: true }) { totalCount } } }',
    );

    expect(data).toEqual({ cluster: { nodes: null } });
    expect(sourceErrors).toHaveLength(1);
  });
});

describe('the holder of a GPU', () => {
  const HELD = `{ cluster(name: "edge") {
    containers { nodes { name gpus { uuid container { name image pod { name } namespace gpus { index } } } } }
    nodes(filter: { name: { eq: "n1" } }) { nodes { gpus { index container { namespace image } } } } } }`;

  it('knows its GPUs, and they know it, also where no other exporter tells of it', async () => {
    const { data, codes } = await ask(world, HELD);

    expect(codes).toEqual([]);
    const own = {
      name: 'app',
      image: 'infer:1',
      pod: { name: 'p' },
      namespace: 'a',
      gpus: [{ index: 2 }, { index: 11 }],
    };
    expect(data).toEqual({
      cluster: {
        containers: {
          nodes: [
            {
              name: 'app',
              gpus: [
                { uuid: 'u2', container: own },
                { uuid: 'u11', container: own },
              ],
            },
          ],
        },
        nodes: {
          nodes: [
            {
              gpus: [
                { index: 0, container: null },
                { index: 2, container: { namespace: 'a', image: 'infer:1' } },
                { index: 10, container: { namespace: 'b', image: null } },
                { index: 11, container: { namespace: 'a', image: 'infer:1' } },
              ],
            },
          ],
        },
      },
    });
  });

  it('is hidden from whoever may not see its namespace; the GPU is not', async () => {
    const { data } = await ask({ ...world, scope: onlyNamespace('b') }, HELD);

    expect(data).toEqual({
      cluster: {
        containers: { nodes: [] },
        nodes: {
          nodes: [
            {
              gpus: [
                { index: 0, container: null },
                { index: 2, container: { namespace: 'b', image: null } },
                { index: 10, container: { namespace: 'b', image: null } },
                { index: 11, container: null },
              ],
            },
          ],
        },
      },
    });
  });
});

it('is found again by its id, an instance of a card too, at another instant as well', async () => {
  const { data } = await ask(world, '{ cluster(name: "edge") { nodes { nodes { gpus { id index } } } } }');
  const { nodes } = (data as { cluster: { nodes: { nodes: { gpus: { id: string; index: number }[] | null }[] } } })
    .cluster.nodes;
  const gpus = nodes.flatMap((one) => one.gpus ?? []);
  expect(new Set(gpus.map(({ id }) => id)).size).toBe(4);
  for (const { id, index } of gpus) {
    const at = new Date(T0 - 3_600_000).toISOString();
    const found = await ask(world, `{ entity(id: "${id}", at: "${at}") { __typename id ... on GPU { index } } }`);
    expect(found.data).toEqual({ entity: { __typename: 'GPU', id, index } });
    expect(found.calls.facets.map(({ atMs }) => atMs)).toEqual([T0 - 3_600_000]);
  }
  const gone = await ask({ ...world, inventory: {} }, `{ entity(id: "${gpus[0]?.id}") { id } }`);
  expect(gone.data).toEqual({ entity: null });
});
