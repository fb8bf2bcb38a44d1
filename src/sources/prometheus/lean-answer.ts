import type { Labels, RangeSeries, Vector } from './answer.js';
import type { LabelDictionary } from './label-dictionary.js';

/** The rows of an answer, and its body without them. */
export interface LeanAnswer {
  readonly vector: Vector;
  readonly matrix: readonly RangeSeries[];
  readonly body: unknown;
}

/**
 * Reads the rows of a vector or a matrix from the text of an answer as Prometheus and its kin write it: compact, and with
 * the members of a row in their usual order. No object is made per sample, and labels are read once for all answers.
 * Every quote inside a JSON string is escaped, so that syntax with a bare quote in it is found nowhere but in its place.
 * @returns null for any other text, which must then be parsed as a whole
 */
export function readLean(text: string, dictionary: LabelDictionary): LeanAnswer | null {
  const [head, type] = HEAD.exec(text.slice(0, HEAD_LENGTH)) ?? [];
  if (head === undefined) return null;
  const scanner = new Scanner(text, head.length, dictionary);
  try {
    const vector = type === 'vector' ? scanner.vector() : NO_ROWS;
    const matrix = type === 'matrix' ? scanner.matrix() : [];
    return { vector, matrix, body: JSON.parse(head + text.slice(scanner.at)) };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const HEAD =
  /^\{"status":"success",(?:"isPartial":(?:true|false),)?"data":\{"resultType":"(vector|matrix)","result":\[/;
const HEAD_LENGTH = 128;

const QUOTE = 34;
const COMMA = 44;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const CLOSING_BRACKET = 93;

/** Powers of ten that are exact. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

export const NO_ROWS: Vector = { labels: [], values: new Float64Array(0) };

/** Walks through the rows of an answer. @throws SyntaxError wherever the text is not as usual */
class Scanner {
  private times = new Float64Array(256);
  private values = new Float64Array(256);

  constructor(
    private readonly text: string,
    /** Where it has got to; after the rows, at the bracket that closes them. */
    public at: number,
    private readonly dictionary: LabelDictionary,
  ) {}

  /** Rows like `{"metric":{"a":"b"},"value":[1768478400.123,"0.05"]}`. */
  vector(): Vector {
    const labels: Labels[] = [];
    while (this.text.charCodeAt(this.at) !== CLOSING_BRACKET) {
      if (labels.length > 0) this.skip(',');
      if (labels.length === this.values.length) this.grow();
      const own = this.labelsBefore('},"value":[');
      this.number(COMMA);
      this.skip('"');
      this.values[labels.length] = this.number(QUOTE);
      this.skip(']}');
      labels.push(own);
    }
    return { labels, values: this.values.slice(0, labels.length) };
  }

  matrix(): readonly RangeSeries[] {
    const rows: RangeSeries[] = [];
    while (this.text.charCodeAt(this.at) !== CLOSING_BRACKET) {
      if (rows.length > 0) this.skip(',');
      rows.push(this.rangeSeries());
    }
    return rows;
  }

  /** `{"metric":{"a":"b"},"values":[[1768478400.123,"0.05"],[1768478415.123,"0.06"]]}` */
  private rangeSeries(): RangeSeries {
    const labels = this.labelsBefore('},"values":[');
    let length = 0;
    while (this.text.charCodeAt(this.at) !== CLOSING_BRACKET) {
      if (length > 0) this.skip(',');
      if (length === this.times.length) this.grow();
      this.skip('[');
      this.times[length] = Math.round(this.number(COMMA) * 1_000);
      this.skip('"');
      this.values[length] = this.number(QUOTE);
      this.skip(']');
      length += 1;
    }
    this.skip(']}');
    return { labels, timesMs: this.times.slice(0, length), values: this.values.slice(0, length) };
  }

  private labelsBefore(end: string): Labels {
    this.skip('{"metric":{');
    const from = this.at;
    const to = this.text.indexOf(end, from);
    if (to < 0) throw new SyntaxError(`${end} is missing`);
    this.at = to + end.length;
    return this.dictionary.labelsOf(this.text.slice(from, to));
  }

  private skip(expected: string): void {
    if (!this.text.startsWith(expected, this.at)) throw new SyntaxError(`${expected} is missing`);
    this.at += expected.length;
  }

  /** The number that ends at a delimiter, and on past that. At most 15 digits are a quotient of exact numbers. */
  private number(delimiter: number): number {
    const { text } = this;
    const from = this.at;
    let digits = 0;
    let mantissa = 0;
    let point = -1;
    let at = from;
    let code = text.charCodeAt(at);
    for (; (code >= ZERO && code <= NINE) || (code === DOT && point < 0); code = text.charCodeAt(at)) {
      if (code === DOT) point = digits;
      else {
        mantissa = mantissa * 10 + code - ZERO;
        digits += 1;
      }
      at += 1;
    }
    const isUsual = point !== 0 && point !== digits && (text.charCodeAt(from) !== ZERO || digits === 1 || point === 1);
    if (code === delimiter && digits > 0 && digits <= 15 && isUsual) {
      this.at = at + 1;
      return point < 0 ? mantissa : mantissa / (POWERS[digits - point] as number);
    }
    const to = text.indexOf(String.fromCharCode(delimiter), at);
    if (to < 0) throw new SyntaxError('a sample does not end');
    this.at = to + 1;
    const written = text.slice(from, to);
    return delimiter === QUOTE ? usualValue(written) : usualTime(written);
  }

  private grow(): void {
    const [times, values] = [this.times, this.values];
    this.times = new Float64Array(2 * times.length);
    this.values = new Float64Array(2 * values.length);
    this.times.set(times);
    this.values.set(values);
  }
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
