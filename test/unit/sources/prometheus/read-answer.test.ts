import { describe, expect, it } from 'vitest';
import { createLabelDictionary } from '../../../../src/sources/prometheus/label-dictionary.js';
import { parseBody, readBody } from '../../../../src/sources/prometheus/read-answer.js';

const read = (text: string) => readBody(parseBody(Buffer.from(text), createLabelDictionary()));

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
