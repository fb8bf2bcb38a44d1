import DataLoader from 'dataloader';
import type { EntityRef } from '../domain/entity.js';
import { LimitError } from '../domain/errors.js';
import type { FigureQuestion, FigureReader, FigureSeries, TimeRange } from '../domain/ports.js';
import { type BatchOptions, readGroups } from './batch.js';
import { questionKey } from './figure-loader.js';
import { pointsOf } from './series-range.js';

/** Points of all series of one operation together: 2 million are some 40 MB of JSON. */
const MAX_POINTS = 2_000_000;

interface SeriesKey {
  readonly question: FigureQuestion;
  readonly entity: EntityRef;
  readonly range: TimeRange;
}

/** One `FigureReader.series` per (question, range) and wave, for all entities together. */
export function seriesLoader(figures: FigureReader, { cache, waves, read }: BatchOptions) {
  let points = 0;
  const loader = new DataLoader<SeriesKey, FigureSeries, string>(
    async (keys) => {
      points = (cache ? points : 0) + keys.reduce((sum, { range }) => sum + pointsOf(range), 0);
      if (points > MAX_POINTS)
        throw new LimitError(`the series of one operation may have ${MAX_POINTS} points together`);
      return waves.hold(readGroups(keys, groupOf, readSeries));
    },
    {
      cache,
      cacheKeyFn: (key) => `${groupOf(key)} ${key.entity.cluster} ${key.entity.key}`,
      batchScheduleFn: (dispatch) => waves.whenQuiet('figures', dispatch),
    },
  );

  async function readSeries(keys: readonly SeriesKey[]) {
    const { question, range } = keys[0] as SeriesKey;
    const column = await figures.series(
      question,
      keys.map(({ entity }) => entity),
      range,
      read,
    );
    return ({ entity }: SeriesKey) => column.of(entity);
  }

  return {
    /** @throws InputError, LimitError */
    series: (question: FigureQuestion, entity: EntityRef, range: TimeRange): Promise<FigureSeries> =>
      loader.load({ question, entity, range }),
  };
}

function groupOf({ question, range }: SeriesKey): string {
  return `${questionKey(question)} ${range.fromMs} ${range.toMs} ${range.stepMs}`;
}
