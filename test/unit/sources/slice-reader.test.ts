import { expect, it } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import { InstantAnswer } from '../../../src/sources/prometheus/answer.js';
import { NO_ROWS } from '../../../src/sources/prometheus/lean-answer.js';
import { createSliCompiler } from '../../../src/sources/sli-compiler.js';
import { createSliceReader } from '../../../src/sources/slice-reader.js';
import { anObjective, anSli } from '../domain/slo-examples.js';

const query = (text: string) => ({ text, path: 'spec', line: 1, column: 1 });
const notes = { warnings: [], infos: [], samples: null };

it('says of a condition that it did not hold, and of events that nobody saw them', async () => {
  const compiler = createSliCompiler({
    dataSourceOf: () => ({ name: 'edge', clusters: [{ name: 'edge', match: {} }] }),
  });
  const measure = { kind: 'RATIO', good: query('good_total'), total: query('all_total'), counter: true } as const;
  const sli = compiler.compile(
    anSli({ measure, counting: { hours: [], when: query('up == 1') } }),
    anObjective({ target: '0.99' }),
    'edge',
  );
  const status = { kind: 'prometheus', version: '3.5.0' } as const;
  const read = createSliceReader({
    instant: async () => new InstantAnswer(NO_ROWS, notes),
    range: async () => ({ ...notes, series: [] }),
    status: async () => status as never,
  });
  for (const slices of [1, 2]) {
    const span = { fromMs: 0, toMs: slices * 60_000, sliceMs: 60_000 };
    const answer = await read([sli], span, {}, { scope: everything });
    const counts = [sli.streams.condition, sli.streams.total[0]].map((stream) => {
      const outcome = answer.get(stream?.key ?? '');
      return outcome?.ok === true ? [...outcome.value.counts] : outcome;
    });
    expect(counts).toEqual([Array(slices).fill(0), Array(slices).fill(Number.NaN)]);
  }
});
