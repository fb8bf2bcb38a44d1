import type { AnswerNotes, RangeSeries, Vector } from './answer.js';
import { shortText } from './failure.js';
import { type LabelDictionary, withoutPrototype } from './label-dictionary.js';
import type { Layout } from './layouts.js';
import { NO_ROWS, numberOf, readLean } from './lean-answer.js';

/** What is read from an answer's body before prometheus-query sees it, which would lose it. */
export interface ReadBody {
  readonly notes: AnswerNotes;
  /** The rows of a vector: the package would drop a label `__proto__`, and make three objects of each row. */
  readonly vector: Vector;
  /** The rows of a matrix: the package would make two objects of each sample. */
  readonly matrix: readonly RangeSeries[];
}

interface Row {
  readonly metric?: Record<string, string>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
  readonly histogram?: unknown;
  readonly histograms?: readonly unknown[];
}

interface SuccessBody {
  readonly data?: { readonly resultType?: string; result?: Row[]; readonly stats?: { readonly samples?: unknown } };
  readonly warnings?: unknown;
  readonly infos?: unknown;
  /** VictoriaMetrics says only this when a part of its storage did not answer. */
  readonly isPartial?: unknown;
}

/** A body in the form that prometheus-query converts well: without rows. Anything that is not JSON stays text. */
export interface ParsedBody {
  readonly body: unknown;
  readonly rows: (Pick<ReadBody, 'vector' | 'matrix'> & { readonly layout: Layout }) | null;
}

/**
 * Parses an answer, its rows at once where it is written as usual.
 * @param before the layout of the last answer to the same question
 */
export function parseBody(bytes: Buffer, dictionary: LabelDictionary, before?: Layout): ParsedBody {
  const lean = readLean(bytes, dictionary, before);
  if (lean !== null) return { body: lean.body, rows: lean };
  const text = bytes.toString();
  try {
    return { body: JSON.parse(text), rows: null };
  } catch {
    return { body: text, rows: null };
  }
}

/**
 * Reads notes, vectors and matrices, and leaves in the body what prometheus-query converts well: no rows at all.
 * @throws TypeError when the body is not what the API describes
 */
export function readBody({ body, rows }: ParsedBody): ReadBody {
  const { data, warnings, infos, isPartial } = body as SuccessBody;
  const notes = { warnings: texts(warnings), infos: texts(infos), samples: samplesOf(data?.stats) };
  if (isPartial === true) notes.warnings.push('the source says that its answer is partial');
  if (rows !== null) return { notes, vector: rows.vector, matrix: rows.matrix };
  if (data?.resultType !== 'vector' && data?.resultType !== 'matrix') return { notes, vector: NO_ROWS, matrix: [] };
  const all = data.result ?? [];
  const read = all.filter((row) => row.value !== undefined || row.values !== undefined);
  const histograms = all.filter((row) => row.histogram !== undefined || row.histograms !== undefined).length;
  if (histograms > 0) notes.warnings.push(`${histograms} series hold native histograms, which are not read`);
  data.result = [];
  return data.resultType === 'matrix'
    ? { notes, vector: NO_ROWS, matrix: read.map(rangeSeries) }
    : { notes, vector: vectorOf(read), matrix: [] };
}

/** The value of a sample. @throws TypeError when there is none */
export function sampleValue(text: unknown): number {
  if (typeof text !== 'string') throw new TypeError('a sample has no value');
  return numberOf(text);
}

/** More than these are not kept: one failing shard can say the same thing a thousand times. */
const MAX_NOTES = 20;

function texts(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return [...new Set(value.map(shortText))].slice(0, MAX_NOTES);
}

function samplesOf(stats: { readonly samples?: unknown } | undefined): number | null {
  const total = (stats?.samples as { totalQueryableSamples?: unknown } | undefined)?.totalQueryableSamples;
  return typeof total === 'number' && Number.isSafeInteger(total) && total >= 0 ? total : null;
}

function vectorOf(rows: readonly Row[]): Vector {
  return {
    labels: rows.map(({ metric }) => withoutPrototype(metric)),
    values: Float64Array.from(rows, ({ value }) => sampleValue(value?.[1])),
  };
}

function rangeSeries(row: Row): RangeSeries {
  const samples = row.values ?? [];
  const timesMs = new Float64Array(samples.length);
  const values = new Float64Array(samples.length);
  for (const [index, [seconds, value]] of samples.entries()) {
    timesMs[index] = Math.round(seconds * 1_000);
    values[index] = sampleValue(value);
  }
  return { labels: withoutPrototype(row.metric), timesMs, values };
}
