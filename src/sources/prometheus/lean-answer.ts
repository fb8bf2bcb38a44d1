import type { Labels, RangeSeries, Vector } from './answer.js';
import { decimal, LEADING_DIGITS, POWERS_OF_TEN, TRAILING_DIGITS } from './decimal.js';
import type { LabelDictionary } from './label-dictionary.js';
import { type Layout, NO_LAYOUT, newLayout, viewOf } from './layouts.js';

/** The rows of an answer, and its body without them. */
export interface LeanAnswer {
  readonly vector: Vector;
  /** Of the vector. */
  readonly layout: Layout;
  readonly matrix: readonly RangeSeries[];
  readonly body: unknown;
}

/**
 * Reads the rows of a vector or a matrix from an answer as Prometheus and its kin write it: compact, and with the members
 * of a row in their usual order. No object is made per sample, labels are read once for all answers, and nothing but what
 * is new becomes text. Every quote inside a JSON string is escaped, so that syntax with a bare quote in it is found
 * nowhere but in its place.
 * @param bytes UTF-8
 * @param before the layout of the last answer to the same question
 * @returns null for any other answer, which must then be parsed as a whole
 */
export function readLean(bytes: Buffer, dictionary: LabelDictionary, before = NO_LAYOUT): LeanAnswer | null {
  const [head, type] = HEAD.exec(bytes.toString('latin1', 0, HEAD_LENGTH)) ?? [];
  if (head === undefined) return null;
  const scanner = new Scanner(bytes, head.length, dictionary);
  try {
    const { layout, values } = type === 'vector' ? scanner.vector(before) : { layout: NO_LAYOUT, values: NO_VALUES };
    const matrix = type === 'matrix' ? scanner.matrix() : [];
    const vector = { labels: layout.labels, values };
    const body = usualBody(head, type, bytes.toString('utf8', scanner.at));
    return { vector, layout, matrix, body };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  } finally {
    shrink();
  }
}

const HEAD =
  /^\{"status":"success",(?:"isPartial":(?:true|false),)?"data":\{"resultType":"(vector|matrix)","result":\[/;
const HEAD_LENGTH = 128;

/** The body without its rows. @throws SyntaxError when it is no JSON */
function usualBody(head: string, resultType: string | undefined, tail: string): unknown {
  const samples = head.includes('isPartial') ? undefined : TAIL.exec(tail)?.[1];
  if (samples === undefined) return JSON.parse(head + tail);
  const stats = { samples: { totalQueryableSamples: Number(samples) } };
  return { status: 'success', data: { resultType, result: [], stats } };
}

const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`;
const COUNT = String.raw`0|[1-9]\d{0,14}`;

/** Where Prometheus has nothing to say but how much it read. Objects made of it would cost more than many rows. */
const TAIL = new RegExp(
  String.raw`^\],"stats":\{"timings":\{"\w+":${NUMBER}(?:,"\w+":${NUMBER})*\},` +
    String.raw`"samples":\{"totalQueryableSamples":(${COUNT}),"peakSamples":(?:${COUNT})\}\}\}\}[ \t\r\n]*$`,
);

const QUOTE = 34;
const COMMA = 44;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const CLOSING_BRACKET = 93;

const COMMA_BYTES = Buffer.from(',');
const METRIC = Buffer.from('{"metric":{');
const VALUE = Buffer.from('},"value":[');
const VALUES = Buffer.from('},"values":[');
const BRACKET = Buffer.from('[');
const QUOTE_BYTES = Buffer.from('"');
const END_OF_SAMPLE = Buffer.from(']');
const END_OF_ROW = Buffer.from(']}');

const NO_VALUES = new Float64Array(0);
export const NO_ROWS: Vector = { labels: NO_LAYOUT.labels, values: NO_VALUES };

/** What is read is written here first, until its number is known; an answer is read at once, so that all can share it. */
const scratch = { times: new Float64Array(1_024), values: new Float64Array(1_024) };
/** Longer than this it is not left behind. */
const MAX_SCRATCH = 2 ** 16;

/** Walks through the rows of an answer. @throws SyntaxError wherever it is not as usual */
class Scanner {
  private readonly view: DataView;

  constructor(
    private readonly bytes: Buffer,
    /** Where it has got to; after the rows, at the bracket that closes them. */
    public at: number,
    private readonly dictionary: LabelDictionary,
  ) {
    this.view = viewOf(bytes);
  }

  /** Rows like `{"metric":{"a":"b"},"value":[1768478400.123,"0.05"]}`. */
  vector(before: Layout): { readonly layout: Layout; readonly values: Float64Array } {
    /** From the first row on that is not as before: all labels, and where the beginnings of those rows begin and end. */
    let others: Labels[] | null = null;
    const places: number[] = [];
    let time = 0;
    let timeLength = 0;
    let length = 0;
    while (this.bytes[this.at] !== CLOSING_BRACKET) {
      if (length > 0) this.skip(COMMA_BYTES);
      if (length === scratch.values.length) grow();
      const from = this.at;
      if (others !== null || !this.isNext(before, length)) {
        others ??= before.labels.slice(0, length);
        this.skip(METRIC);
        others.push(this.labelsUntil(VALUE));
        places.push(from, this.at);
      }
      // Rows of a vector are of one instant.
      if (timeLength === 0 || !this.repeats(time, timeLength)) {
        time = this.at;
        this.number(COMMA);
        this.skip(QUOTE_BYTES);
        timeLength = this.at - time;
      }
      scratch.values[length] = this.number(QUOTE);
      this.skip(END_OF_ROW);
      length += 1;
    }
    if (length < before.labels.length) others ??= before.labels.slice(0, length);
    const layout = others === null ? before : newLayout(before, others, this.bytes, places);
    return { layout, values: scratch.values.slice(0, length) };
  }

  matrix(): readonly RangeSeries[] {
    const rows: RangeSeries[] = [];
    while (this.bytes[this.at] !== CLOSING_BRACKET) {
      if (rows.length > 0) this.skip(COMMA_BYTES);
      rows.push(this.rangeSeries());
    }
    return rows;
  }

  /** `{"metric":{"a":"b"},"values":[[1768478400.123,"0.05"],[1768478415.123,"0.06"]]}` */
  private rangeSeries(): RangeSeries {
    this.skip(METRIC);
    const labels = this.labelsUntil(VALUES);
    let length = 0;
    while (this.bytes[this.at] !== CLOSING_BRACKET) {
      if (length > 0) this.skip(COMMA_BYTES);
      if (length === scratch.times.length) grow();
      this.skip(BRACKET);
      scratch.times[length] = Math.round(this.number(COMMA) * 1_000);
      this.skip(QUOTE_BYTES);
      scratch.values[length] = this.number(QUOTE);
      this.skip(END_OF_SAMPLE);
      length += 1;
    }
    this.skip(END_OF_ROW);
    return { labels, timesMs: scratch.times.slice(0, length), values: scratch.values.slice(0, length) };
  }

  /** Goes on past the beginning of a row if it is the one that a layout has there. */
  private isNext({ text, ends }: Layout, row: number): boolean {
    if (row >= ends.length) return false;
    const begin = row === 0 ? 0 : (ends[row - 1] as number);
    const end = ends[row] as number;
    const { view, at } = this;
    if (at + end - begin > view.byteLength) return false;
    // Four bytes at once, the last ones where they end: no beginning is shorter.
    for (let place = begin; place < end - 4; place += 4) {
      if (text.getInt32(place, true) !== view.getInt32(at + place - begin, true)) return false;
    }
    if (text.getInt32(end - 4, true) !== view.getInt32(at + end - begin - 4, true)) return false;
    this.at += end - begin;
    return true;
  }

  /** Goes on past bytes that are the same as some before. */
  private repeats(from: number, length: number): boolean {
    const { bytes, at } = this;
    for (let index = 0; index < length; index += 1) {
      if (bytes[from + index] !== bytes[at + index]) return false;
    }
    this.at += length;
    return true;
  }

  private labelsUntil(end: Buffer): Labels {
    const from = this.at;
    const to = this.bytes.indexOf(end, from);
    if (to < 0) throw new SyntaxError(`${end} is missing`);
    this.at = to + end.length;
    return this.dictionary.labelsOf(this.bytes.toString('utf8', from, to));
  }

  private skip(expected: Buffer): void {
    if (!this.isAt(expected, this.at)) throw new SyntaxError(`${expected} is missing`);
    this.at += expected.length;
  }

  private isAt(expected: Buffer, place: number): boolean {
    const { bytes } = this;
    for (let index = 0; index < expected.length; index += 1) {
      if (bytes[place + index] !== expected[index]) return false;
    }
    return true;
  }

  /** The number that ends at a delimiter, and on past that. */
  private number(delimiter: number): number {
    const { bytes } = this;
    const from = this.at;
    let leading = 0;
    let trailing = 0;
    let significant = 0;
    let digits = 0;
    let point = -1;
    let at = from;
    let code = bytes[at] as number;
    for (; (code >= ZERO && code <= NINE) || (code === DOT && point < 0); code = bytes[at] as number) {
      if (code === DOT) point = digits;
      else {
        digits += 1;
        if (significant < LEADING_DIGITS) leading = leading * 10 + code - ZERO;
        else trailing = trailing * 10 + code - ZERO;
        if (leading > 0) significant += 1;
      }
      at += 1;
    }
    const isUsual = point !== 0 && point !== digits && (bytes[from] !== ZERO || digits === 1 || point === 1);
    const decimals = point < 0 ? 0 : digits - point;
    const trailingCount = significant - LEADING_DIGITS;
    if (
      code === delimiter &&
      digits > 0 &&
      decimals < POWERS_OF_TEN.length &&
      trailingCount <= TRAILING_DIGITS &&
      isUsual
    ) {
      const divisor = POWERS_OF_TEN[decimals] as number;
      const value = trailingCount <= 0 ? leading / divisor : decimal(leading, trailing, trailingCount, decimals);
      if (value !== null) {
        this.at = at + 1;
        return value;
      }
    }
    const to = bytes.indexOf(delimiter, at);
    if (to < 0) throw new SyntaxError('a sample does not end');
    this.at = to + 1;
    const written = bytes.toString('latin1', from, to);
    return delimiter === QUOTE ? usualValue(written) : usualTime(written);
  }
}

function grow(): void {
  const { times, values } = scratch;
  scratch.times = new Float64Array(2 * times.length);
  scratch.values = new Float64Array(2 * values.length);
  scratch.times.set(times);
  scratch.values.set(values);
}

function shrink(): void {
  if (scratch.values.length <= MAX_SCRATCH) return;
  scratch.times = new Float64Array(MAX_SCRATCH);
  scratch.values = new Float64Array(MAX_SCRATCH);
}

/** @throws SyntaxError for a text that JSON might write in another way, or not at all */
function usualValue(text: string): number {
  if (!/^[-+.\w]+$/.test(text)) throw new SyntaxError('not a number as it is usually written');
  return numberOf(text);
}

function usualTime(text: string): number {
  const time: unknown = JSON.parse(text);
  if (typeof time !== 'number') throw new SyntaxError('not a time');
  return time;
}

/** A sample's value as Prometheus writes it. */
export function numberOf(text: string): number {
  return Number.parseFloat(INFINITIES.get(text) ?? text);
}

const INFINITIES: ReadonlyMap<string, string> = new Map([
  ['+Inf', 'Infinity'],
  ['Inf', 'Infinity'],
  ['-Inf', '-Infinity'],
]);
