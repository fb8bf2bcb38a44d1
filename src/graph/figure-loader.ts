import DataLoader from 'dataloader';
import type { EntityRef } from '../domain/entity.js';
import type { Column, Figure, FigureQuestion, FigureReader } from '../domain/ports.js';
import type { BatchOptions } from './batch.js';

/** An entity's figure is wanted, or those of everything in a cluster. */
type Wish = EntityRef | { readonly cluster: string; readonly key: null };

interface QuestionLoader {
  readonly loader: DataLoader<Wish, Column<Figure>, string>;
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
    const loader = new DataLoader<Wish, Column<Figure>, string>(
      async (wishes) => {
        // Without a cache nothing of it is kept, the loader neither: instants move on while a subscription lives.
        if (!cache) byQuestion.delete(name);
        const column = await waves.hold(figures.values(question, wanted(wishes), atMs, read));
        return wishes.map(() => column);
      },
      {
        cache,
        cacheKeyFn: ({ cluster, key }) => (key === null ? cluster : `${cluster} ${key}`),
        batchScheduleFn: (dispatch) => waves.whenQuiet('figures', dispatch),
      },
    );
    const created = { loader, whole: new Map<string, Promise<Column<Figure>>>() };
    byQuestion.set(name, created);
    return created;
  }

  return {
    /** The column that an entity's figure is in: a promise less per figure than the figure itself. */
    columnOf(question: FigureQuestion, entity: EntityRef, atMs: number): Promise<Column<Figure>> {
      const { loader, whole } = loaderOf(question, atMs);
      return whole.get(entity.cluster) ?? loader.load(entity);
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
export function questionKey({ family, windowMs, quantile }: FigureQuestion): string {
  return `${family} ${windowMs ?? ''} ${quantile ?? ''}`;
}

function wanted(wishes: readonly Wish[]): readonly EntityRef[] | { readonly clusters: readonly string[] } {
  if (wishes.some(({ key }) => key === null)) return { clusters: [...new Set(wishes.map(({ cluster }) => cluster))] };
  return [...new Map((wishes as readonly EntityRef[]).map((ref) => [`${ref.cluster} ${ref.key}`, ref])).values()];
}
