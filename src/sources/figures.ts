import { LRUCache } from 'lru-cache';
import { seesCluster } from '../domain/access.js';
import type { EntityKey, EntityRef } from '../domain/entity.js';
import { SourceError } from '../domain/errors.js';
import { type FamilyName, type MetricFamily, type MissingReason, metricFamilies } from '../domain/metric.js';
import type { FigureQuestion, FigureReader, Measurement, ReadContext } from '../domain/ports.js';
import { catalogue } from './catalogue.js';
import { type CellTable, FoldedCells } from './cell-tables.js';
import { collectedNames } from './collected.js';
import { type ClusterColumn, type ClusterColumns, figureColumn, seriesColumn } from './columns.js';
import type { Ask, Family } from './family.js';
import { type Naming, readNaming } from './inventory-vectors.js';
import { narrowToList, narrowToScope } from './narrowing.js';
import type { ClusterSlice } from './prometheus/cluster-slices.js';
import type { Planner } from './prometheus/planner.js';
import { by } from './prometheus/promql.js';
import { instantShot, rangeShot, type Shot } from './shots.js';
import { type Told, toldBy } from './told.js';

type Sources = Pick<Planner, 'slices' | 'dataSourceOf' | 'instant' | 'range' | 'metricNames'>;
type Wanted = readonly EntityRef[] | { readonly clusters: readonly string[] };

const DEFAULT_QUANTILE = 0.95;

/** Reads the figures of the catalogue: one PromQL per (family, data source, window, instant), two for a quotient. */
export function createFigureReader(planner: Sources): FigureReader {
  return {
    async values(question, entities, atMs, context) {
      const columns = await readColumns(planner, question, entities, instantShot(planner, atMs, context));
      return figureColumn(columns, atMs, columnContext(planner, question, context));
    },
    async series(question, entities, range, context) {
      const shot = rangeShot(planner, range, context);
      const columns = await readColumns(planner, question, entities, shot);
      return seriesColumn(
        columns,
        { stepMs: range.stepMs, timesMs: shot.timesMs },
        columnContext(planner, question, context),
      );
    },
  };
}

function columnContext(planner: Sources, question: FigureQuestion, { scope }: ReadContext) {
  const unmeasured = (cluster: string) => measurementOf(question, planner.dataSourceOf(cluster).name, '');
  return { kind: metricFamilies[question.family].entity, scope, unmeasured };
}

async function readColumns(
  planner: Sources,
  question: FigureQuestion,
  wanted: Wanted,
  shot: Shot,
): Promise<ClusterColumns> {
  const entry = catalogue[question.family];
  if ('promql' in entry) return readFamily(planner, question, entry, wanted, shot);
  // The greatest quotients are not those of the greatest numbers.
  const { greatest: _, ...whole } = question;
  const [numerator, denominator] = await Promise.all([
    readColumns(planner, { ...whole, family: entry.numerator }, wanted, shot),
    readColumns(planner, { ...whole, family: entry.denominator }, wanted, shot),
  ]);
  return new Map(
    [...numerator].map(([cluster, column]) => [cluster, quotient(column, denominator.get(cluster) ?? column)]),
  );
}

async function readFamily(
  planner: Sources,
  question: FigureQuestion,
  family: Family,
  wanted: Wanted,
  shot: Shot,
): Promise<ClusterColumns> {
  const clusters = 'clusters' in wanted ? wanted.clusters : clustersOf(wanted);
  const visible = clusters.filter((cluster) => seesCluster(shot.context.scope, cluster));
  const columns = await Promise.all(
    planner.slices(visible).map((slice) => readSlice({ planner, question, family, wanted, shot, slice })),
  );
  return new Map(columns.flat());
}

function clustersOf(wanted: readonly EntityRef[]): readonly string[] {
  const clusters = new Set<string>();
  for (const { cluster } of wanted) clusters.add(cluster);
  return [...clusters];
}

/** One question to one data source. */
interface SliceQuestion {
  readonly planner: Sources;
  readonly question: FigureQuestion;
  readonly family: Family;
  readonly wanted: Wanted;
  readonly shot: Shot;
  readonly slice: ClusterSlice;
}

async function readSlice(ask: SliceQuestion): Promise<readonly (readonly [string, ClusterColumn])[]> {
  const { slice, question } = ask;
  let promql = '';
  try {
    const namings = await namingsOf(ask);
    promql = promqlOf(ask, [...namings.values()]);
    const shown = await ask.shot.ask(slice.dataSource, promql, entityCount(ask));
    const measurement = measurementOf(question, slice.dataSource, promql, shown.isPartial);
    const told = toldBy(ask.family, slice, shown, namings);
    return await Promise.all(
      slice.clusters.map(
        async (cluster) => [cluster, await columnOf(ask, cluster, told(cluster), measurement)] as const,
      ),
    );
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const measurement = measurementOf(question, slice.dataSource, promql);
    return slice.clusters.map((cluster) => [cluster, { ok: false, error, measurement }] as const);
  }
}

/** How nodes are named, where the figure is one of node_exporter's. */
async function namingsOf({ planner, question, shot, slice }: SliceQuestion): Promise<ReadonlyMap<string, Naming>> {
  const { entity } = metricFamilies[question.family];
  if (entity !== 'Node' && entity !== 'Filesystem') return new Map();
  return readNaming({ planner, slice, atMs: shot.namingAtMs, context: shot.context });
}

function promqlOf(ask: SliceQuestion, namings: readonly Naming[]): string {
  const { question, family, wanted, shot, slice } = ask;
  const kind = metricFamilies[question.family].entity;
  const narrowing =
    'clusters' in wanted ? narrowToScope(kind, shot.context.scope) : narrowToList(kind, slice, wanted, namings);
  const quantile = question.quantile ?? DEFAULT_QUANTILE;
  if (!(quantile > 0 && quantile < 1)) throw new RangeError(`a quantile is between 0 and 1, got ${quantile}`);
  const promql = textOf(question.family, family, { slice, windowMs: windowOf(question) ?? 0, quantile, narrowing });
  const { greatest } = question;
  return greatest === undefined || family.isGreatestRow !== true ? promql : greatestOf(promql, greatest, slice);
}

/** PromQL of lists too long to name their entities: asked again and again with nothing changed but the time. */
const texts = new LRUCache<string, string>({ max: 1_000 });

function textOf(name: FamilyName, family: Family, ask: Ask): string {
  if (Object.keys(ask.narrowing).length > 0) return family.promql(ask);
  const key = `${name} ${ask.windowMs} ${ask.quantile} ${ask.slice.key}`;
  const known = texts.get(key) ?? family.promql(ask);
  texts.set(key, known);
  return known;
}

/** `(x) >= on (cluster) group_left () min by (cluster) (topk by (cluster) (70, x))`: with all that equal the last one. */
function greatestOf(promql: string, count: number, slice: ClusterSlice): string {
  const ofCluster = slice.by.length === 0 ? '' : ` ${by(slice.by)} `;
  return `(${promql}) >= on (${slice.by.join(', ')}) group_left () min${ofCluster}(topk${ofCluster}(${count}, ${promql}))`;
}

function entityCount({ slice: { clusters }, wanted }: SliceQuestion): number {
  if ('clusters' in wanted) return clusters.length;
  let count = 0;
  for (const { cluster } of wanted) if (clusters.includes(cluster)) count += 1;
  return count;
}

async function columnOf(
  ask: SliceQuestion,
  cluster: string,
  { rows, cells, source, perspectives }: Told,
  measurement: Measurement,
): Promise<ClusterColumn> {
  return {
    ok: true,
    cells,
    measurement: source === undefined ? measurement : { ...measurement, source },
    ...(await absencesOf(ask, cluster, rows, cells)),
    notANumber: ask.family.notANumber,
    ...(isCut(ask, rows) && { isCut: true }),
    ...(perspectives !== undefined && { perspectives }),
  };
}

/** Whether there may be more than the rows that came. */
function isCut({ question: { greatest }, family }: SliceQuestion, rows: number): boolean {
  return greatest !== undefined && family.isGreatestRow === true && rows >= greatest;
}

/** Why entities are not among what was found. */
async function absencesOf(
  ask: SliceQuestion,
  cluster: string,
  rows: number,
  cells: CellTable,
): Promise<{ readonly absent: MissingReason; readonly absentOf?: (key: EntityKey) => MissingReason }> {
  const { family } = ask;
  const absent = rows > 0 ? 'NO_SAMPLE' : await reasonForNothing(ask, cluster);
  if (family.isForeignTo === undefined) return { absent, ...(await reasonsFor(ask, cluster, cells)) };
  return { absent, absentOf: (key) => (family.isForeignTo?.(key) ? 'NOT_COLLECTED' : absent) };
}

/** Entities that different exporters measure are absent for different reasons. */
async function reasonsFor(
  { planner, family, wanted, shot }: SliceQuestion,
  cluster: string,
  cells: CellTable,
): Promise<{ readonly absentOf?: (key: EntityKey) => MissingReason }> {
  if (family.metricsOf === undefined || 'clusters' in wanted) return {};
  if (wanted.every((entity) => entity.cluster !== cluster || cells.has(entity.key))) return {};
  const names = await collectedNames(planner, cluster, shot.namingAtMs, shot.context);
  return {
    absentOf(key) {
      const metrics = family.metricsOf?.(key) ?? [];
      const isCollected = metrics.length > 0 && (names === null || metrics.some((name) => names.has(name)));
      return isCollected ? 'NO_SAMPLE' : 'NOT_COLLECTED';
    },
  };
}

/** Whether the exporter is absent or only silent about these entities; asked only when there is no row at all. */
async function reasonForNothing({ planner, family, shot }: SliceQuestion, cluster: string): Promise<MissingReason> {
  const names = await collectedNames(planner, cluster, shot.namingAtMs, shot.context);
  return names === null || family.metrics.some((name) => names.has(name)) ? 'NO_SAMPLE' : 'NOT_COLLECTED';
}

function quotient(numerator: ClusterColumn, denominator: ClusterColumn): ClusterColumn {
  const promql = [...new Set([...numerator.measurement.promql, ...denominator.measurement.promql])];
  const partial = numerator.measurement.partial || denominator.measurement.partial;
  const measurement = { ...numerator.measurement, promql, partial };
  if (!numerator.ok || !denominator.ok) {
    const failed = numerator.ok ? denominator : numerator;
    return failed.ok ? failed : { ...failed, measurement };
  }
  const cells = new Map(
    [...numerator.cells].map(([key, values]) => {
      const divisors = denominator.cells.get(key);
      return [key, values.map((value, at) => divided(value, divisors?.[at] ?? null))];
    }),
  );
  const absent = numerator.absent === 'NOT_COLLECTED' ? numerator.absent : denominator.absent;
  return { ok: true, cells: new FoldedCells(cells), measurement, absent, notANumber: 'NOT_A_NUMBER' };
}

function divided(value: number | null, divisor: number | null): number | null {
  return value === null || divisor === null ? null : value / divisor;
}

function windowOf({ family, windowMs }: FigureQuestion): number | null {
  const { windowMs: usual }: MetricFamily = metricFamilies[family];
  return usual === undefined ? null : (windowMs ?? usual);
}

function measurementOf(question: FigureQuestion, dataSource: string, promql: string, partial = false): Measurement {
  const family: FamilyName = question.family;
  return {
    source: metricFamilies[family].source,
    promql: promql === '' ? [] : [promql],
    windowMs: windowOf(question),
    dataSource,
    partial,
  };
}
