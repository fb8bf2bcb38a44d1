import { expect, it } from 'vitest';
import { exposition, type Labels, type Series, storedLabels, Target } from '../../../src/demo/target.js';

function target(honorLabels: boolean, ownTimes = false): Target {
  const labels = { namespace: 'monitoring', pod: 'exporter-1' };
  return new Target({ cluster: 'edge-seoul', job: 'j', instance: '10.0.0.1:1', labels, honorLabels, ownTimes });
}

function stored(honorLabels: boolean, labels: Labels): Labels {
  const one = target(honorLabels);
  one.gauge('g', labels, 1);
  return storedLabels(one, one.families[0]?.series[0] as Series);
}

it.each([
  { honorLabels: true, expected: { pod: 'detector-1' }, because: 'the exporter wins' },
  { honorLabels: false, expected: { pod: 'exporter-1', exported_pod: 'detector-1' }, because: 'its label is renamed' },
])('keeps clashing labels as Prometheus does with honor_labels: $honorLabels, where $because', (row) => {
  const labels = stored(row.honorLabels, { pod: 'detector-1', empty: '' });
  expect(labels).toEqual({ __name__: 'g', job: 'j', instance: '10.0.0.1:1', namespace: 'monitoring', ...row.expected });
});

it('drops an empty label of the exporter instead of renaming it', () => {
  expect(stored(false, { pod: '' })).not.toHaveProperty('exported_pod');
});

it('marks series of a shared Prometheus with their cluster, and no others', () => {
  const busan = new Target({ cluster: 'edge-busan', job: 'j', instance: 'i', labels: {}, honorLabels: false });
  expect(busan.labels.cluster).toBe('edge-busan');
  expect(target(true).labels).not.toHaveProperty('cluster');
});

it('writes the text format, with explicit times where the exporter gives them', () => {
  const one = target(true, true);
  one.counter('c_total', { path: 'a"b\\c\nd' }, (atMs) => atMs / 1_000);
  one.histogram('h', {}, { bounds: ['0.5'], upTo: (bound) => (bound === '0.5' ? 1 : 2), sumAt: () => 3 });
  expect(exposition(one, 5_000).split('\n')).toEqual([
    '# TYPE c_total counter',
    'c_total{path="a\\"b\\\\c\\nd"} 5 5000',
    '# TYPE h histogram',
    'h_bucket{le="0.5"} 1 5000',
    'h_bucket{le="+Inf"} 2 5000',
    'h_sum 3 5000',
    'h_count 2 5000',
    '',
  ]);
});
