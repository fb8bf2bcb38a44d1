import { expect, it } from 'vitest';
import { definitionFiles } from '../../../src/demo/definitions.js';
import { clusters, workloads } from '../../../src/demo/topology.js';
import { problemText } from '../../../src/domain/errors.js';
import { sliOf } from '../../../src/domain/slo.js';
import { createSliCompiler } from '../../../src/sources/sli-compiler.js';
import { sliTemplates } from '../../../src/sources/sli-templates.js';
import { adviceOn } from '../../../src/specs/advice.js';
import { parseDefinitions } from '../../../src/specs/openslo.js';
import { targetsWith } from './support.js';

const compiler = createSliCompiler({
  dataSourceOf: () => {
    throw new Error('a check asks no data source');
  },
});
const { slos, problems } = parseDefinitions(
  Object.entries(definitionFiles).map(([file, text]) => ({ file, text })),
  {
    clusters,
    checkSli: (sli, objectives) => compiler.check(sli, objectives),
    templateInfo: (name) => sliTemplates.find((template) => template.name === name) ?? null,
  },
);

it('are read by the gateway without a single problem, warnings included', () => {
  expect(problems.map(problemText)).toEqual([]);
  expect(slos.flatMap(({ source }) => source.warnings.map(problemText))).toEqual([]);
});

it('say what they count and what they are about, so that advice is left on one large service only', () => {
  expect(adviceOn(slos).map(({ message }) => message)).toEqual([
    'service crosswalk has 7 SLOs; more than about 5 are hard to keep in view',
  ]);
});

it('are of every kind: user-facing, storage, big data and AI, on every cluster, by queries and by templates', () => {
  expect(slos.length).toBeGreaterThanOrEqual(12);
  expect(new Set(slos.map(({ systemKind }) => systemKind))).toEqual(
    new Set(['USER_FACING', 'STORAGE', 'BIG_DATA', 'AI']),
  );
  expect(new Set(slos.map(({ cluster }) => cluster))).toEqual(new Set(clusters));
  const kinds = slos.flatMap((slo) => slo.objectives.map((objective) => sliOf(slo, objective).measure.kind));
  expect(new Set(kinds)).toEqual(new Set(['RATIO', 'THRESHOLD', 'TEMPLATE']));
  expect(slos.find(({ sli }) => sli === null)).toMatchObject({
    name: 'object-store-reads',
    objectives: [
      { target: '0.999', weight: '3' },
      { target: '0.99', weight: '1' },
    ],
  });
  expect(slos.filter(({ budgetingMethod }) => budgetingMethod === 'TIMESLICES').map(({ name }) => name)).toEqual([
    'event-throughput',
  ]);
  expect(slos.filter(({ noData }) => noData !== 'IGNORE').map(({ name, noData }) => [name, noData])).toEqual([
    ['event-lag', 'FREEZE'],
  ]);
  expect(slos.filter(({ minEvents }) => minEvents > 0).map(({ name }) => name)).toEqual(['siren-availability']);
  expect(slos.find(({ name }) => name === 'gpu-utilization')?.objectives[0]).toMatchObject({
    lower: { value: 0.2 },
    upper: { value: 0.95 },
  });
});

it('name applications that pods are labelled with', () => {
  const labelled = new Set(workloads.map(({ partOf }) => partOf));
  const named = new Set(slos.flatMap(({ application }) => application ?? []));
  expect([...named].sort()).toEqual(['crosswalk', 'storage', 'streaming']);
  for (const application of named) expect(labelled).toContain(application);
});

it('ask for series that the history keeps for all of its 30 days', () => {
  const kept = new Set(
    targetsWith().flatMap((target) =>
      target.families.flatMap(({ series }) => series.filter(({ tier }) => tier === 'SLO').map(({ name }) => name)),
    ),
  );
  const asked = Object.values(definitionFiles)
    .join('\n')
    .matchAll(/\b(\w+(?::\w+)?)\{/g);
  for (const [, name] of asked) expect(kept).toContain(name);
});
