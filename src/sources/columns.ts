import { type Scope, seesCluster, seesNamespace } from '../domain/access.js';
import type { EntityKey, EntityRef, MeasuredKind } from '../domain/entity.js';
import type { SourceError } from '../domain/errors.js';
import type { MissingReason, Perspective } from '../domain/metric.js';
import type { Column, Figure, FigureSeries, Measurement } from '../domain/ports.js';
import type { CellTable } from './cell-tables.js';

/** What one cluster answered to a question. */
export type ClusterColumn =
  | {
      readonly ok: true;
      readonly cells: CellTable;
      readonly measurement: Measurement;
      /** Why an entity is not among `cells`, and what NaN stands for. */
      readonly absent: MissingReason;
      /** The same for one entity, where entities differ in it. */
      readonly absentOf?: (key: EntityKey) => MissingReason;
      readonly notANumber: MissingReason;
      /** Whether lesser figures were left out. */
      readonly isCut?: boolean;
      /** Whose view an entity's figure is; at an instant only. */
      readonly perspectives?: ReadonlyMap<EntityKey, Perspective>;
    }
  | { readonly ok: false; readonly error: SourceError; readonly measurement: Measurement };

/** Answers by cluster; a cluster that was not asked for has none. */
export type ClusterColumns = ReadonlyMap<string, ClusterColumn>;

/** Who asks for which kind of entity, and how a cluster without an answer was measured: not at all. */
export interface ColumnContext {
  readonly kind: MeasuredKind;
  readonly scope: Scope;
  unmeasured(cluster: string): Measurement;
}

/** Figures at one instant. */
export function figureColumn(columns: ClusterColumns, atMs: number, context: ColumnContext): Column<Figure> {
  const views = new Map<ClusterColumn, Partial<Record<Perspective, Measurement>>>();
  return {
    of(entity) {
      const column = visibleColumn(columns, entity, context);
      if (column === null) {
        return { value: null, missing: 'NO_SAMPLE', atMs, measurement: context.unmeasured(entity.cluster) };
      }
      const measurement = measuredBy(column, entity.key, views);
      if (!column.ok) return { value: null, missing: missingBy(column.error), atMs, measurement, error: column.error };
      const cell = column.cells.first(entity.key);
      if (cell === null) {
        return { value: null, missing: column.absentOf?.(entity.key) ?? column.absent, atMs, measurement };
      }
      if (Number.isFinite(cell)) return { value: cell, missing: null, atMs, measurement };
      return { value: null, missing: Number.isNaN(cell) ? column.notANumber : 'NOT_A_NUMBER', atMs, measurement };
    },
    keys: (cluster) => keysOf(columns, cluster, context),
    isWhole: (cluster) => isWhole(columns.get(cluster)),
  };
}

/** The measurement of one entity; one object for all that were seen in the same way. */
function measuredBy(
  column: ClusterColumn,
  key: EntityKey,
  views: Map<ClusterColumn, Partial<Record<Perspective, Measurement>>>,
): Measurement {
  const perspective = column.ok ? column.perspectives?.get(key) : undefined;
  if (perspective === undefined) return column.measurement;
  const known = views.get(column) ?? {};
  views.set(column, known);
  known[perspective] ??= { ...column.measurement, perspective };
  return known[perspective];
}

/** Figures over time, each with the same instants. */
export function seriesColumn(
  columns: ClusterColumns,
  instants: { readonly stepMs: number; readonly timesMs: Float64Array },
  context: ColumnContext,
): Column<FigureSeries> {
  const nothing = Array.from(instants.timesMs, () => null);
  return {
    of(entity) {
      const column = visibleColumn(columns, entity, context);
      const cells = column?.ok === true ? column.cells.get(entity.key) : undefined;
      const measurement = column?.measurement ?? context.unmeasured(entity.cluster);
      const values = cells?.map((cell) => (cell !== null && Number.isFinite(cell) ? cell : null)) ?? nothing;
      return { ...instants, values, measurement, ...(column?.ok === false && { error: column.error }) };
    },
    keys: (cluster) => keysOf(columns, cluster, context),
    isWhole: (cluster) => isWhole(columns.get(cluster)),
  };
}

function visibleColumn(
  columns: ClusterColumns,
  { cluster, key }: EntityRef,
  context: ColumnContext,
): ClusterColumn | null {
  const column = columns.get(cluster);
  return column !== undefined && sees(context, cluster, key) ? column : null;
}

function keysOf(columns: ClusterColumns, cluster: string, context: ColumnContext): readonly EntityKey[] {
  const column = columns.get(cluster);
  if (column?.ok !== true) return [];
  const measured = [...column.cells].filter(([, cells]) =>
    cells.some((cell) => cell !== null && Number.isFinite(cell)),
  );
  return measured
    .map(([key]) => key)
    .filter((key) => sees(context, cluster, key))
    .sort();
}

function isWhole(column: ClusterColumn | undefined): boolean {
  return column?.ok === true && column.isCut !== true;
}

function missingBy(error: SourceError): MissingReason {
  return error.reason === 'TIMEOUT' ? 'SOURCE_TIMEOUT' : 'SOURCE_UNAVAILABLE';
}

/** Nodes and their GPUs belong to no namespace: who sees the cluster sees them. An edge is seen from either of its ends. */
const OF_CLUSTERS: ReadonlySet<MeasuredKind> = new Set(['Cluster', 'Node', 'Filesystem', 'GPU']);

function sees({ kind, scope }: ColumnContext, cluster: string, key: EntityKey): boolean {
  if (scope.namespaces === null || OF_CLUSTERS.has(kind)) return seesCluster(scope, cluster);
  const parts = key.split('/');
  const namespaces = kind === 'ServiceEdge' ? [parts[0], parts[2]] : [parts[0]];
  return namespaces.some((namespace) => seesNamespace(scope, cluster, namespace ?? ''));
}
