import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../src/sources/prometheus/answer.js';
import { createLabelDictionary } from '../../../../src/sources/prometheus/label-dictionary.js';
import { createLayouts, type Layout } from '../../../../src/sources/prometheus/layouts.js';
import { NO_ROWS, readLean } from '../../../../src/sources/prometheus/lean-answer.js';
import { readBody } from '../../../../src/sources/prometheus/read-answer.js';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('},"value":[', '"', '\\', '\\"', '}', ']', '__proto__', 'constructor', ''),
);
const labels = fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true });
const sample = fc.tuple(
  fc.double({ min: 0, max: 4e9, noNaN: true }).map((seconds) => Math.round(seconds * 1_000) / 1_000),
  fc.oneof(
    fc.double(),
    fc.integer(),
    fc.double({ min: 0, max: 1e6, noNaN: true }),
    fc.constantFrom(-0, 0.1, 1e22, 1e-7, 123456789012345, 0.123456789012345, 2 ** 53 + 2),
  ),
);

/** As Prometheus writes it. */
function written(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

function bodyOf(resultType: string, result: readonly object[], rest: object = {}): string {
  return JSON.stringify({ status: 'success', data: { resultType, result, ...rest } });
}

/** As Prometheus writes them. */
const stats = {
  timings: { evalTotalTime: 0.005151098, resultSortTime: 0, queryPreparationTime: 1.2e-7, execTotalTime: 0.007 },
  samples: { totalQueryableSamples: 1_134, peakSamples: 12 },
};

function lean(body: string, dictionary = createLabelDictionary(), before?: Layout) {
  return readLean(Buffer.from(body), dictionary, before);
}

describe('an answer as Prometheus writes it', () => {
  it('of a vector is read like any JSON, whatever the labels and values', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(labels, sample)), (rows) => {
        const body = bodyOf(
          'vector',
          rows.map(([metric, [seconds, value]]) => ({ metric, value: [seconds, written(value)] })),
        );
        const read = rowsOf(lean(body)?.vector ?? NO_ROWS);
        expect(read.map(({ labels }) => Object.entries(labels))).toEqual(
          rows.map(([metric]) => Object.entries(metric)),
        );
        expect(read.map(({ value }) => value)).toEqual(rows.map(([, [, value]]) => value));
      }),
    );
  });

  it('of a matrix is read like any JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(labels, fc.array(sample, { maxLength: 600 })), { maxLength: 4 }), (rows) => {
        const body = bodyOf(
          'matrix',
          rows.map(([metric, samples]) => ({ metric, values: samples.map(([at, value]) => [at, written(value)]) })),
        );
        const read = lean(body)?.matrix ?? [];
        expect(read.map(({ values }) => [...values])).toEqual(rows.map(([, samples]) => samples.map(([, v]) => v)));
        expect(read.map(({ timesMs }) => [...timesMs])).toEqual(
          rows.map(([, samples]) => samples.map(([seconds]) => Math.round(seconds * 1_000))),
        );
      }),
    );
  });

  it('keeps what stands beside the rows', () => {
    const body = bodyOf('vector', [{ metric: {}, value: [1, '2'] }], { stats: { samples: 3 } });
    expect(lean(body)?.body).toEqual(JSON.parse(bodyOf('vector', [], { stats: { samples: 3 } })));
  });

  it.each([
    ['nothing else', bodyOf('vector', [], { stats }), []],
    ['a warning behind', `${bodyOf('vector', [], { stats }).slice(0, -1)},"warnings":["cut"]}`, ['cut']],
    [
      'that it is partial before',
      bodyOf('vector', [], { stats }).replace('"data"', '"isPartial":true,"data"'),
      ['the source says that its answer is partial'],
    ],
    [
      'samples of each step',
      bodyOf('vector', [], {
        stats: { ...stats, samples: { totalQueryableSamplesPerStep: [[1, 2]], ...stats.samples } },
      }),
      [],
    ],
  ])('says how many samples were read, with %s', (_, body, warnings) => {
    const read = lean(body);
    if (read === null) throw new Error('it was not read');
    expect(readBody({ body: read.body, rows: read }).notes).toEqual({ warnings, infos: [], samples: 1_134 });
  });

  it('is read wherever it stands in memory, and left to others where it ends in the midst of a row', () => {
    const body = bodyOf('vector', [{ metric: { a: 'b' }, value: [1, '2'] }]);
    const before = lean(body)?.layout;
    const moved = Buffer.from(`${'x'.repeat(13)}${body}`).subarray(13);
    const read = readLean(moved, createLabelDictionary(), before);
    expect(read?.vector).toEqual({ labels: [{ a: 'b' }], values: Float64Array.of(2) });
    expect(read?.layout).toBe(before);
    for (let end = 0; end < body.length; end += 1) {
      expect(readLean(moved.subarray(0, end), createLabelDictionary(), before)).toBeNull();
    }
  });
});

it.each([
  ['a scalar', '{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}'],
  ['blanks', '{"status":"success", "data":{"resultType":"vector","result":[]}}'],
  ['a native histogram', bodyOf('vector', [{ metric: {}, histogram: [1, {}] }])],
  [
    'a native histogram before others',
    bodyOf('vector', [
      { metric: {}, histogram: [1, {}] },
      { metric: {}, value: [1, '2'] },
    ]),
  ],
  ['another order', bodyOf('vector', [{ value: [1, '2'], metric: {} }])],
  ['a third member', bodyOf('vector', [{ metric: {}, value: [1, '2'], histogram: [1, {}] }])],
  ['a value that is none', bodyOf('vector', [{ metric: {}, value: 5 }])],
  ['an answer that was cut', bodyOf('vector', [{ metric: { a: 'b' }, value: [1, '2'] }]).slice(0, -3)],
  ['an answer that was cut in a row', bodyOf('vector', [{ metric: { a: 'b' }, value: [1, '2'] }]).slice(0, 90)],
])('%s is left to be parsed as a whole', (_, body) => {
  expect(lean(body)).toBeNull();
});

it('an answer with a fault anywhere is read as JSON would be, or left to it', () => {
  const rows = ['1', '-0.5', '1e-7', 'NaN', '+Inf'].map((value) => ({ metric: { a: 'b"' }, value: [1.25, value] }));
  const series = [{ metric: { a: 'b' }, values: rows.map(({ value }) => value) }];
  const bodies = [bodyOf('vector', rows), bodyOf('matrix', series), bodyOf('vector', rows, { stats })];
  const piece = fc.constantFrom(...'0123456789.-+eE,:"\\[]{}x \n', '', '\\u0031', '00', '{}', 'null', 'Infinity');
  fc.assert(
    fc.property(fc.constantFrom(...bodies), fc.nat(), fc.nat({ max: 2 }), piece, (body, place, cut, put) => {
      const at = 40 + (place % (body.length - 40));
      const faulty = body.slice(0, at) + put + body.slice(at + cut);
      const read = lean(faulty);
      expect(lean(faulty, createLabelDictionary(), lean(body)?.layout)?.vector).toEqual(read?.vector);
      if (read === null) return;
      const whole = readBody({ body: JSON.parse(faulty), rows: null });
      expect([read.vector, read.matrix]).toEqual([whole.vector, whole.matrix]);
      expect(readBody({ body: read.body, rows: read }).notes).toEqual(whole.notes);
    }),
    { numRuns: 1_000 },
  );
});

describe('the layout of the answer before', () => {
  const name = fc.constantFrom('a', 'ab', 'a"', '},"value":[', '');
  const metric = fc.dictionary(fc.constantFrom('x', 'y', 'xy'), name, { maxKeys: 2, noNullPrototype: true });
  const metrics = fc.array(metric, { maxLength: 5 });
  const bodyAbout = (rows: readonly object[]) =>
    bodyOf(
      'vector',
      rows.map((metric, index) => ({ metric, value: [1, String(index)] })),
    );

  it('changes nothing of what is read, whatever rows come, go and change places', () => {
    fc.assert(
      fc.property(fc.array(metrics, { maxLength: 4 }), (answers) => {
        const dictionary = createLabelDictionary();
        let before: Layout | undefined;
        for (const rows of answers) {
          const read = lean(bodyAbout(rows), dictionary, before);
          expect(read?.vector).toEqual(lean(bodyAbout(rows))?.vector);
          expect(read?.layout.labels).toBe(read?.vector.labels);
          before = read?.layout;
        }
      }),
    );
  });

  it('is that of the next one too where the rows are the same, and of no other', () => {
    fc.assert(
      fc.property(metrics, metrics, (rows, others) => {
        const dictionary = createLabelDictionary();
        const before = lean(bodyAbout(rows), dictionary)?.layout;
        const next = lean(bodyAbout(others), dictionary, before)?.layout;
        expect(next === before).toBe(JSON.stringify(rows) === JSON.stringify(others));
      }),
    );
  });
});

it('layouts are kept by their questions, up to a bound on their texts', () => {
  const layout = (size: number) => ({
    labels: [{}],
    text: new DataView(new ArrayBuffer(size)),
    ends: Uint32Array.of(size),
  });
  const layouts = createLayouts(100);
  const [first, second] = [layout(40), layout(40)];
  layouts.keep('a', first);
  layouts.keep('b', second);
  expect(layouts.of('a')).toBe(first);
  layouts.keep('c', layout(40));
  expect([layouts.of('a'), layouts.of('b')]).toEqual([first, undefined]);
  layouts.keep('d', layout(101));
  expect(layouts.of('d')).toBeUndefined();
});

describe('labels', () => {
  it('of equal text are one object, and have no prototype', () => {
    const dictionary = createLabelDictionary();
    const first = dictionary.labelsOf('"a":"b"');
    expect(dictionary.labelsOf('"a":"b"')).toBe(first);
    expect(first.toString).toBeUndefined();
    expect(Object.entries(dictionary.labelsOf('"__proto__":"a"'))).toEqual([['__proto__', 'a']]);
  });

  it('that are not asked for any more are forgotten, the others stay', () => {
    const dictionary = createLabelDictionary(100);
    const lasting = dictionary.labelsOf('"a":"lasting"');
    const passing = dictionary.labelsOf('"a":"passing"');
    for (let index = 0; index < 100; index += 1) {
      dictionary.labelsOf(`"a":"${index}"`);
      expect(dictionary.labelsOf('"a":"lasting"')).toBe(lasting);
    }
    expect(dictionary.labelsOf('"a":"passing"')).not.toBe(passing);
  });
});
