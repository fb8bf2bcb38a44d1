import { expect, it } from 'vitest';
import type { SliCategory, SloDefinition, SystemKind } from '../../../src/domain/slo.js';
import { adviceOn } from '../../../src/specs/advice.js';
import { anSli, anSlo } from '../domain/slo-examples.js';

it('tells what a service of its kind lacks', () => {
  expect(messages([slo('web', 'USER_FACING', 'AVAILABILITY')])).toEqual([
    'service web is USER_FACING, and has no SLO on LATENCY, THROUGHPUT',
  ]);
  expect(messages([slo('disk', 'STORAGE', 'LATENCY')])).toEqual([
    'service disk is STORAGE, and has no SLO on AVAILABILITY, DURABILITY',
  ]);
  expect(messages([slo('stream', 'BIG_DATA', 'THROUGHPUT'), slo('stream', 'STORAGE', 'END_TO_END_LATENCY')])).toEqual([
    'service stream is BIG_DATA, and has no SLO on END_TO_END_LATENCY',
    'service stream is STORAGE, and has no SLO on LATENCY, AVAILABILITY, DURABILITY',
  ]);
});

it('has nothing to say of a service that has what its kind needs', () => {
  expect(messages([slo('s', 'BIG_DATA', 'THROUGHPUT'), slo('s', 'BIG_DATA', 'END_TO_END_LATENCY')])).toEqual([]);
  expect(messages([slo('s', 'AI', 'CUSTOM'), slo('t', 'OTHER', 'CUSTOM')])).toEqual([]);
});

it('warns of more than five SLOs of one service', () => {
  const five = Array.from({ length: 5 }, () => slo('s', 'AI', 'LATENCY'));
  expect(messages([...five, slo('t', 'AI', 'LATENCY')])).toEqual([]);
  expect(messages([...five, slo('s', 'AI', 'LATENCY')])).toEqual([
    'service s has 6 SLOs; more than about 5 are hard to keep in view',
  ]);
});

it('warns of an SLO without a kind or a condition, at its place', () => {
  expect(adviceOn([slo('s', 'OTHER', 'CUSTOM', { text: '', conditions: [] })])).toEqual(
    ['what it is about; add slograph.dev/system-kind', 'when it counts; add slograph.dev/conditions'].map((what) => ({
      file: 'a.yaml',
      line: 7,
      column: 1,
      path: 'metadata.annotations',
      message: `SLO s-CUSTOM does not say ${what}`,
      severity: 'WARNING',
    })),
  );
});

function messages(slos: readonly SloDefinition[]): readonly string[] {
  return adviceOn(slos).map(({ message }) => message);
}

function slo(
  service: string,
  systemKind: SystemKind,
  category: SliCategory,
  { text = 'slograph.dev/system-kind: OTHER', conditions = ['always'] as readonly string[] } = {},
): SloDefinition {
  return anSlo({
    name: `${service}-${category}`,
    service,
    systemKind,
    sli: anSli({ category, conditions }),
    source: { file: 'a.yaml', line: 7, format: 'OPENSLO_V1', revision: '', text, warnings: [] },
  });
}
