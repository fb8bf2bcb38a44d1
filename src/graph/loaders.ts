import { setImmediate } from 'node:timers/promises';
import DataLoader from 'dataloader';
import type { EntityRef } from '../domain/entity.js';
import { LimitError, NotFoundError } from '../domain/errors.js';
import type { DataSourceStatus, Facet, Inventory } from '../domain/model.js';
import type { ObjectiveHistory } from '../domain/objective-history.js';
import type {
  ClusterDirectory,
  Column,
  Figure,
  FigureQuestion,
  FigureReader,
  FigureSeries,
  InventoryReader,
  Outcome,
  ReadContext,
  SloBoard,
  TimeRange,
} from '../domain/ports.js';
import type { SloStatus } from '../domain/slo.js';
import { type BatchOptions, readGroups } from './batch.js';
import { figureLoader } from './figure-loader.js';
import { inventoryLoader } from './inventory-loader.js';
import { seriesLoader } from './series-loader.js';
import { pointsOf } from './series-range.js';
import { createWaves } from './waves.js';

/** What is read in batches. */
export interface BatchedPorts {
  readonly clusters: ClusterDirectory;
  readonly inventory: InventoryReader;
  readonly figures: FigureReader;
  readonly board: SloBoard;
}

/** The reads of one operation: what is asked for together goes out as one call per question. */
export interface Loaders {
  /** A part of a cluster's inventory, without what the caller may not see; null where nothing tells of it. */
  facet<F extends Facet>(facet: F, cluster: string, atMs: number): Promise<Outcome<Inventory[F] | null>>;
  /** The figures that an entity's is among. */
  columnOf(question: FigureQuestion, entity: EntityRef, atMs: number): Promise<Column<Figure>>;
  /** A figure of many entities, asked for together with those of others. */
  figures(question: FigureQuestion, entities: readonly EntityRef[], atMs: number): Promise<Column<Figure>>;
  /** Answers for entities whose figure is known from another question; nothing is asked for them again. */
  answer(question: FigureQuestion, entities: readonly EntityRef[], atMs: number, column: Column<Figure>): void;
  /** A figure of everything in a cluster that has it. */
  column(question: FigureQuestion, cluster: string, atMs: number): Promise<Column<Figure>>;
  /** @throws InputError, LimitError */
  series(question: FigureQuestion, entity: EntityRef, range: TimeRange): Promise<FigureSeries>;
  status(cluster: string): Promise<readonly DataSourceStatus[]>;
  /** An SLO as it stood at an instant; null when it could not be told. */
  sloAt(name: string, atMs: number): Promise<SloStatus | null>;
  /** How an objective stood; nothing is asked. Without any value where nothing is known. @throws LimitError, NotFoundError */
  history(slo: string, objective: string, range: TimeRange): Promise<ObjectiveHistory>;
  /** Figures wait for this work, so that those of the entities it finds join the others. */
  hold<T>(work: Promise<T>): Promise<T>;
}

export interface LoaderOptions {
  /** Whether answers are kept for the operation; false where one context serves many events. */
  readonly cache: boolean;
}

export function createLoaders(ports: BatchedPorts, read: ReadContext, { cache }: LoaderOptions): Loaders {
  const waves = createWaves();
  const options: BatchOptions = { cache, waves, read };
  const statuses = new DataLoader<string, readonly DataSourceStatus[]>(
    // Finds no entities: nothing waits for a source that is slow to say how it is.
    (clusters) => Promise.all(clusters.map((cluster) => ports.clusters.status(cluster, read))),
    { cache },
  );
  return {
    ...inventoryLoader(ports.inventory, options),
    ...figureLoader(ports.figures, options),
    ...seriesLoader(ports.figures, options),
    ...sloLoader(ports.board, options),
    history: historyReader(ports.board, read),
    status: (cluster) => statuses.load(cluster),
    hold: waves.hold,
  };
}

interface SloKey {
  readonly name: string;
  readonly atMs: number;
}

/** One `SloBoard.at` per instant and wave. */
function sloLoader(board: SloBoard, { cache, waves, read }: BatchOptions) {
  const loader = new DataLoader<SloKey, SloStatus | null, string>(
    (keys) => waves.hold(readGroups(keys, ({ atMs }) => String(atMs), readAt)),
    {
      cache,
      cacheKeyFn: ({ name, atMs }) => `${atMs} ${name}`,
      batchScheduleFn: (dispatch) => waves.whenQuiet('shape', dispatch),
    },
  );

  async function readAt(keys: readonly SloKey[]) {
    const atMs = (keys[0] as SloKey).atMs;
    const statuses = await board.at([...new Set(keys.map(({ name }) => name))], atMs, read);
    const byName = new Map(statuses.map((status) => [status.definition.name, status]));
    return ({ name }: SloKey) => byName.get(name) ?? null;
  }

  return { sloAt: (name: string, atMs: number) => loader.load({ name, atMs }) };
}

/** Points of all histories of one operation together, each history taken to have some more: about two seconds of one core. */
const MAX_HISTORY_POINTS = 100_000;
/** What a history costs however few points it has, since its whole window is looked at. */
const HISTORY_BASE_POINTS = 250;

function historyReader(board: SloBoard, { scope, signal }: ReadContext): Loaders['history'] {
  let points = 0;
  let turn: Promise<unknown> = Promise.resolve();
  return (slo, objective, range) => {
    points += HISTORY_BASE_POINTS + pointsOf(range);
    if (points > MAX_HISTORY_POINTS) {
      throw new LimitError(
        `the histories of one operation may have ${MAX_HISTORY_POINTS} points together, with ${HISTORY_BASE_POINTS} more for each; ask for fewer, or for longer steps`,
      );
    }
    // One after the other, so that others get their answers between two of them.
    const mine = turn.then(async () => {
      await setImmediate();
      signal?.throwIfAborted();
      const known = board.history(slo, objective, range, scope);
      if (known === null) throw new NotFoundError(`${slo} has no objective ${objective} any more`);
      return known;
    });
    turn = mine.catch(() => {});
    return mine;
  };
}
