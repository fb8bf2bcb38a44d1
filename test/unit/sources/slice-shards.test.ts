import { expect, it } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import { InstantAnswer } from '../../../src/sources/prometheus/answer.js';
import { NO_ROWS } from '../../../src/sources/prometheus/lean-answer.js';
import { countTerm } from '../../../src/sources/sli-terms.js';
import { createSliceShards } from '../../../src/sources/slice-shards.js';
import { parseTrusted } from '../../../src/sources/syntax/parse.js';

it('asks once for the series of columns that are wanted in turn', async () => {
  const term = countTerm(parseTrusted('sum(rate(x{a="1"}[5m]))'), 'increase');
  if (term?.kind !== 'COLUMN') throw new Error('a selector is a column of its shape');
  let asked = 0;
  const shards = createSliceShards({
    async instant() {
      asked += 1;
      return new InstantAnswer(NO_ROWS, { warnings: [], infos: [], samples: null });
    },
  });
  const columns = (...values: string[]) => new Map(values.map((value) => [JSON.stringify([value]), [value]]));
  const pairs = [columns('1', '2'), columns('3', '4')];
  for (const pair of [...pairs, ...pairs]) await shards.of('edge', term.shape, pair, 0, { scope: everything });
  expect(asked).toBe(2);
});
