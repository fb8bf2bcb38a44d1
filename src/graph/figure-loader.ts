import DataLoader from 'dataloader';
import type { EntityRef } from '../domain/entity.js';
import type { Column, Figure, FigureQuestion, FigureReader } from '../domain/ports.js';
import type { BatchOptions } from './batch.js';

/** An entity's figure is wanted, those of many, or those of everything in a cluster. */
type Wish = EntityRef | { readonly entities: readonly EntityRef[] } | { readonly cluster: string; readonly key: null };

type WishKey = string | readonly EntityRef[];

interface QuestionLoader {
  readonly loader: DataLoader<Wish, Column<Figure>, WishKey>;
  /** What was asked for. */
  readonly answers: Map<WishKey, Promise<Column<Figure>>>;
  /** Clusters that were asked for whole. */
  readonly whole: Map<string, Promise<Column<Figure>>>;
}

/** One `FigureReader.values` per (family, window, quantile, instant) and wave, for all entities together. */
export function figureLoader(figures: FigureReader, { cache, waves, read }: BatchOptions) {
  const byQuestion = new Map<string, QuestionLoader>();

  function loaderOf(question: FigureQuestion, atMs: number): QuestionLoader {
    const name = `${questionKey(question)} ${atMs}`;
    const known = byQuestion.get(name);
    if (known !== undefined) return known;
    const answers: QuestionLoader['answers'] = new Map();
    const loader = new DataLoader<Wish, Column<Figure>, WishKey>(
      async (wishes) => {
        // Without a cache nothing of it is kept, the loader neither: instants move on while a subscription lives.
        if (!cache) byQuestion.delete(name);
        const column = await waves.hold(figures.values(question, wanted(wishes), atMs, read));
        return wishes.map(() => column);
      },
      {
        cache,
        cacheKeyFn: keyOf,
        cacheMap: answers,
        batchScheduleFn: (dispatch) => waves.whenQuiet('figures', dispatch),
      },
    );
    const created = { loader, answers, whole: new Map<string, Promise<Column<Figure>>>() };
    byQuestion.set(name, created);
    return created;
  }

  return {
    /** The column that an entity's figure is in: a promise less per figure than the figure itself. */
    columnOf(question: FigureQuestion, entity: EntityRef, atMs: number): Promise<Column<Figure>> {
      const { loader, whole } = loaderOf(question, atMs);
      return whole.get(entity.cluster) ?? loader.load(entity);
    },
    figures(question: FigureQuestion, entities: readonly EntityRef[], atMs: number): Promise<Column<Figure>> {
      const { loader, whole, answers } = loaderOf(question, atMs);
      const [first] = entities;
      const known = first === undefined ? undefined : whole.get(first.cluster);
      if (known !== undefined && entities.every(({ cluster }) => cluster === first?.cluster)) return known;
      const asked =
        answers.size < entities.length ? [] : entities.flatMap((entity) => answers.get(keyOf(entity)) ?? []);
      // An order by this figure has asked for all of them before.
      if (asked.length === entities.length && first !== undefined) {
        return Promise.all(asked).then((columns) => joined(entities, columns));
      }
      return loader.load({ entities });
    },
    /** Answers for entities whose figure is known from another question. */
    answer(question: FigureQuestion, entities: readonly EntityRef[], atMs: number, column: Column<Figure>): void {
      if (!cache) return;
      const { loader } = loaderOf(question, atMs);
      for (const entity of entities) loader.prime(entity, column);
    },
    column(question: FigureQuestion, cluster: string, atMs: number): Promise<Column<Figure>> {
      const { loader, whole } = loaderOf(question, atMs);
      const column = loader.load({ cluster, key: null });
      whole.set(cluster, column);
      return column;
    },
  };
}

/** Equal for questions with the same answer. */
export function questionKey({ family, windowMs, quantile, greatest }: FigureQuestion): string {
  return `${family} ${windowMs ?? ''} ${quantile ?? ''} ${greatest ?? ''}`;
}

/** Wishes of many are not compared: each is asked for once, by its list. */
function keyOf(wish: Wish): WishKey {
  if ('entities' in wish) return wish.entities;
  return wish.key === null ? wish.cluster : `${wish.cluster} ${wish.key}`;
}

function wanted(wishes: readonly Wish[]): readonly EntityRef[] | { readonly clusters: readonly string[] } {
  const [first] = wishes;
  if (wishes.length === 1 && first !== undefined && 'entities' in first) return first.entities;
  const refs = wishes.flatMap((wish): readonly Exclude<Wish, { entities: unknown }>[] =>
    'entities' in wish ? wish.entities : [wish],
  );
  if (refs.some(({ key }) => key === null)) return { clusters: [...new Set(refs.map(({ cluster }) => cluster))] };
  return [...new Map((refs as readonly EntityRef[]).map((ref) => [`${ref.cluster} ${ref.key}`, ref])).values()];
}

/** The columns of several entities, one each, as one. */
function joined(entities: readonly EntityRef[], columns: readonly Column<Figure>[]): Column<Figure> {
  const [first] = columns as [Column<Figure>];
  if (columns.every((column) => column === first)) return first;
  const byEntity = new Map(entities.map(({ cluster, key }, index) => [`${cluster} ${key}`, columns[index]]));
  return {
    of: (entity) => (byEntity.get(`${entity.cluster} ${entity.key}`) ?? first).of(entity),
    keys: (cluster) => [...new Set(columns.flatMap((column) => column.keys(cluster)))].sort(),
    isWhole: (cluster) => columns.every((column) => column.isWhole(cluster)),
  };
}
