import { describe, expect, it } from 'vitest';
import { everything, scopeOf } from '../../../src/domain/access.js';
import { narrowTo, narrowToList, narrowToScope } from '../../../src/sources/narrowing.js';
import { type ClusterSlice, clusterSlices } from '../../../src/sources/prometheus/cluster-slices.js';

const pods = (count: number, namespaces = 1) =>
  Array.from({ length: count }, (_, at) => `team-${at % namespaces}/pod-${at}/app`);

describe('the matchers of a question', () => {
  it('list the names while they are few', () => {
    expect(narrowTo('Container', ['shop/a/app', 'shop/b/app', 'shop/b/proxy'], [])).toEqual({
      CADVISOR: [{ pod: { in: ['a', 'b'] } }],
      KUBE_STATE_METRICS: [{ pod: { in: ['a', 'b'] } }, { exported_pod: { in: ['a', 'b'] } }],
    });
  });

  it('list the namespaces when the names are many, and nothing when those are many too', () => {
    expect(narrowTo('Pod', pods(101), []).CADVISOR).toEqual([
      { namespace: { in: ['team-0'] } },
      { exported_namespace: { in: ['team-0'] } },
    ]);
    expect(narrowTo('Pod', pods(1_000, 500), [])).toEqual({});
  });

  it('never hold a name that would match other series', () => {
    expect(narrowTo('Pod', ['shop/'], []).CADVISOR).toEqual([
      { namespace: { in: ['shop'] } },
      { exported_namespace: { in: ['shop'] } },
    ]);
    expect(narrowTo('Microservice', ['/'], [])).toEqual({});
  });

  it('of a list are made once, for each kind, slice and naming of nodes', () => {
    const clusters = ['edge', 'fleet'].map((name) => ({ name, match: { cluster: name } }));
    const sliceOf = (...names: string[]) => clusterSlices({ name: 'p', clusters }, names)[0] as ClusterSlice;
    const list = [
      { cluster: 'edge', key: 'n1' },
      { cluster: 'fleet', key: 'n2' },
    ];
    const names = { known: new Map<string, string | null>(), unames: [{ instance: 'i1', nodename: 'n1' }] };
    const naming = { names, nodeOf: () => 'n1', infos: [], unames: [{ labels: { instance: 'i1' }, value: 1 }] };
    const first = narrowToList('Node', sliceOf('edge'), list, [naming]);
    expect(first.NODE_EXPORTER).toEqual([{ instance: { in: ['i1'] } }]);
    expect(narrowToList('Node', sliceOf('edge'), list, [naming])).toBe(first);
    expect(narrowToList('Node', sliceOf('fleet'), list, [naming]).KUBE_STATE_METRICS?.[0]).toEqual({
      node: { in: ['n2'] },
    });
    expect(narrowToList('Node', sliceOf('edge'), list, [{ ...naming }])).not.toBe(first);
    expect(narrowToList('Pod', sliceOf('edge'), list, [naming])).toEqual(narrowTo('Pod', ['n1'], []));
  });

  it('find nodes by their instances, unless one of them is not known', () => {
    const names = { known: new Map<string, string | null>(), unames: [{ instance: 'i1', nodename: 'n1' }] };
    const naming = { names, nodeOf: () => 'n1', infos: [], unames: [{ labels: { instance: 'i1' }, value: 1 }] };
    expect(narrowTo('Node', ['n1'], [naming]).NODE_EXPORTER).toEqual([{ instance: { in: ['i1'] } }]);
    expect(narrowTo('Node', ['n1', 'n2'], [naming]).NODE_EXPORTER).toBeUndefined();
    expect(narrowTo('Filesystem', ['n1//'], [naming]).NODE_EXPORTER).toEqual([{ instance: { in: ['i1'] } }]);
    expect(narrowTo('Node', ['n1'], [naming, { ...naming, unames: [] }]).NODE_EXPORTER).toBeUndefined();
  });

  it('keep model servers to their namespaces: their models are no label that all of them have', () => {
    const keys = ['ai/llm/vllm/meta-llama/Llama', 'shop/risk/ray-serve/risk'];
    expect(narrowTo('Inference', keys, [])).toEqual({
      INFERENCE_SERVER: [{ namespace: { in: ['ai', 'shop'] } }],
      KUBE_STATE_METRICS: [{ namespace: { in: ['ai', 'shop'] } }, { exported_namespace: { in: ['ai', 'shop'] } }],
    });
    expect(narrowToScope('Inference', scopeOf(null, ['ai'])).INFERENCE_SERVER).toEqual([{ namespace: { in: ['ai'] } }]);
  });

  it('find GPUs by the UUIDs of their cards, however those are spelt', () => {
    expect(narrowTo('GPU', ['u1', 'u2/7', 'u2/8'], [])).toEqual({
      DCGM: [{ UUID: { in: ['u1', 'u2'] } }, { uuid: { in: ['u1', 'u2'] } }],
    });
  });

  it('keep a question for everything to what the caller may see', () => {
    expect(narrowToScope('Microservice', everything)).toEqual({});
    expect(narrowToScope('Microservice', scopeOf(null, ['ai']))).toEqual({
      ISTIO: [{ destination_service_namespace: { in: ['ai'] } }],
    });
    expect(narrowToScope('Node', scopeOf(null, ['ai']))).toEqual({});
    expect(narrowToScope('ServiceEdge', scopeOf(null, ['ai']))).toEqual({});
  });
});
