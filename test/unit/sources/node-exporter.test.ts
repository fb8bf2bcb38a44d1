import { describe, expect, it } from 'vitest';
import type { Ask } from '../../../src/sources/family.js';
import { instancesOf, nodeExporterFamilies, nodeNaming } from '../../../src/sources/node-exporter.js';
import { clusterSlices } from '../../../src/sources/prometheus/cluster-slices.js';

const [slice] = clusterSlices({ name: 'p', clusters: [{ name: 'a', match: {} }] }, ['a']);
const ask: Ask = { slice: slice as Ask['slice'], windowMs: 300_000, quantile: 0.95, narrowing: {} };

describe('the PromQL of node_exporter', () => {
  it('counts each processor once and waiting as no work', () => {
    expect(nodeExporterFamilies['node.cpuUsage'].promql(ask)).toBe(
      'sum by (instance, node, kubernetes_node, nodename) (max by (instance, node, kubernetes_node, nodename, cpu, mode) (rate(node_cpu_seconds_total{mode!~"idle|iowait|steal"}[5m])))',
    );
  });

  it('reads the instances wanted only', () => {
    const narrowing = { NODE_EXPORTER: [{ instance: { in: ['b:9100', 'a:9100'] } }] };
    expect(nodeExporterFamilies['node.load1'].promql({ ...ask, narrowing })).toBe(
      'max by (instance, node, kubernetes_node, nodename) (node_load1{instance=~"a:9100|b:9100"})',
    );
  });
});

describe('names of nodes', () => {
  const known = new Map([
    ['n1', '10.0.0.1'],
    ['n2', null],
  ]);

  it.each([
    { labels: { instance: '10.0.0.1:9100', node: 'given' }, name: 'given', because: 'the scrape says so' },
    { labels: { instance: '10.0.0.1:9100' }, name: 'n1', because: 'the address is its own' },
    { labels: { instance: 'n2:9100' }, name: 'n2', because: 'the instance is named like a node' },
    { labels: { instance: 'x:9100', nodename: 'n1' }, name: 'n1', because: 'the kernel’s name is that of a node' },
    { labels: { instance: 'localhost:9100' }, name: 'host-1', because: 'its kernel is called so' },
    { labels: { instance: '[fd00::1]:9100' }, name: 'fd00::1', because: 'nothing tells but the address' },
    { labels: {}, name: null, because: 'nothing tells at all' },
  ])('is $name, since $because', ({ labels, name }) => {
    const nodeOf = nodeNaming({ known, unames: [{ instance: 'localhost:9100', nodename: 'host-1' }] });
    expect(nodeOf(labels)).toBe(name);
  });

  it('lead back to every instance of the wanted nodes', () => {
    const unames = [
      { instance: '10.0.0.1:9100', nodename: 'ip-1' },
      { instance: 'n1:9101', nodename: 'ip-1' },
      { instance: 'other:9100', nodename: 'n3' },
    ];
    const names = { known, unames };
    expect(instancesOf(new Set(['n1']), names, nodeNaming(names))).toEqual([
      { instance: '10.0.0.1:9100', node: 'n1' },
      { instance: 'n1:9101', node: 'n1' },
    ]);
  });
});
