import { describe, expect, it } from 'vitest';
import { gpusOf, nodesWithGpu } from '../../../src/sources/inventory-gpus.js';

type Labels = Readonly<Record<string, string>>;

const nowhere = () => null;
const row = (labels: Labels, value = 100) => ({ labels: { job: 'dcgm', instance: 'i', gpu: '0', ...labels }, value });
const target = (labels: Labels) => ({ labels: { job: 'dcgm', instance: 'i', ...labels }, value: 1 });
const plain = { namespace: 'ai', pod: 'p', container: 'app' };
const HOLDER = { namespace: 'ai', pod: 'p', name: 'app' };

describe('the holder of a GPU', () => {
  it.each([
    { because: 'its labels are honoured', rows: [row({ UUID: 'a', ...plain })], holders: [HOLDER] },
    {
      because: 'its labels are honoured, and the target has others',
      rows: [row({ UUID: 'a', ...plain }), target({ namespace: 'ops', pod: 'w', container: 'w' })],
      holders: [HOLDER],
    },
    {
      because: 'the target has the same labels: it is idle',
      rows: [row({ UUID: 'a', ...plain }), target(plain)],
      holders: [],
    },
    {
      because: 'the namespace is that of the target: its own was blank',
      rows: [
        row({ UUID: 'a', namespace: 'ops', exported_pod: 'p', exported_container: 'app' }),
        target({ namespace: 'ops' }),
      ],
      holders: [],
    },
    {
      because: 'the scrape renames only what the target has',
      rows: [row({ UUID: 'a', exported_namespace: 'ai', namespace: 'ops', exported_pod: 'p', container: 'app' })],
      holders: [HOLDER],
    },
    {
      because: 'it is the exporter, of whose target nothing tells',
      rows: [row({ UUID: 'a', namespace: 'gpu-operator', pod: 'nvidia-dcgm-exporter-x', container: 'exporter' })],
      holders: [],
    },
    {
      because: 'twins scrape one exporter, each in its own time',
      rows: [row({ UUID: 'a', ...plain }, 90), row({ UUID: 'a', ...plain, instance: 'twin' })],
      holders: [HOLDER],
    },
    {
      because: 'a holder that only an older scrape saw is gone',
      rows: [row({ UUID: 'a', ...plain }, 70), row({ UUID: 'a' })],
      holders: [],
    },
  ])('is $holders when $because', ({ rows, holders }) => {
    expect(gpusOf(rows, nowhere).get('a')?.containers).toEqual(holders);
  });
});

describe('a GPU', () => {
  it('has its number from the device where it is not told otherwise, and is none without any', () => {
    const numbered = (labels: Labels) =>
      gpusOf([{ labels: { UUID: 'a', ...labels }, value: 1 }], nowhere).get('a')?.index;
    expect(numbered({ gpu: '3', device: 'nvidia4' })).toBe(3);
    expect(numbered({ device: 'nvidia4' })).toBe(4);
    expect(numbered({ device: 'nvswitch0' })).toBeUndefined();
  });

  it('makes a node one that has some, whatever Kubernetes counts', () => {
    const gpus = gpusOf([row({ UUID: 'a' })], () => 'n2').values();
    const counts = ['n1', 'n2'].map((node, at) => ({ labels: { node }, value: at === 0 ? 8 : 0 }));
    expect([...nodesWithGpu([...counts, { labels: { node: 'n3' }, value: 0 }], gpus)]).toEqual([
      ['n1', true],
      ['n2', true],
      ['n3', false],
    ]);
  });
});
