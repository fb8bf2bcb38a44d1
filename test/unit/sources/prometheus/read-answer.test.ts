import { describe, expect, it } from 'vitest';
import { createLabelDictionary } from '../../../../src/sources/prometheus/label-dictionary.js';
import { parseBody, readBody } from '../../../../src/sources/prometheus/read-answer.js';

const read = (text: string) => readBody(parseBody(Buffer.from(text), createLabelDictionary()));

it.each([
  ['-5', null],
  ['1e999', null],
  ['1.5', null],
  ['9'.repeat(400), null],
  ['"7"', null],
  ['7', 7],
])('a source that says it has read %s samples is believed when that is a count', (count, samples) => {
  const stats = `"stats":{"timings":{"a":1},"samples":{"totalQueryableSamples":${count},"peakSamples":1}}`;
  expect(read(`{"status":"success","data":{"resultType":"vector","result":[],${stats}}}`).notes.samples).toBe(samples);
});

describe('an answer that VictoriaMetrics calls partial', () => {
  const rows = '"result":[{"metric":{"a":"b"},"value":[1,"2"]}]';

  it.each([
    ['as it writes it', `{"status":"success","isPartial":true,"data":{"resultType":"vector",${rows}}}`],
    ['in another order', `{"status":"success","data":{"resultType":"vector",${rows}},"isPartial":true}`],
    ['of names', '{"status":"success","isPartial":true,"data":["up"]}'],
  ])('says so among its warnings, %s', (_, text) => {
    expect(read(text).notes.warnings).toEqual([expect.stringContaining('partial')]);
  });

  it('says nothing when it is whole', () => {
    const whole = `{"status":"success","isPartial":false,"data":{"resultType":"vector",${rows}}}`;
    expect(read(whole)).toMatchObject({
      notes: { warnings: [] },
      vector: { labels: [{ a: 'b' }], values: Float64Array.of(2) },
    });
  });
});
