/** Labels of one series, without a prototype: a label may be called `__proto__`. */
export type Labels = Readonly<Record<string, string>>;

export interface InstantSeries {
  readonly labels: Labels;
  /** NaN and both infinities arrive as such. */
  readonly value: number;
}

export interface RangeSeries {
  readonly labels: Labels;
  /** Ascending; steps without a sample are absent. */
  readonly timesMs: Float64Array;
  /** The same length as `timesMs`. */
  readonly values: Float64Array;
}

/** What a source said beside its figures. */
export interface AnswerNotes {
  /** Not empty: something is missing from the answer, it is partial. */
  readonly warnings: readonly string[];
  /** Hints on the PromQL itself; the answer is whole. */
  readonly infos: readonly string[];
  /** Samples the source touched; null where it does not say. */
  readonly samples: number | null;
}

/**
 * The rows of a vector in columns. Answers are kept for a while, and an object per row would cost more than all else of
 * them.
 */
export interface Vector {
  readonly labels: readonly Labels[];
  /** The same length as `labels`. */
  readonly values: Float64Array;
}

/** The answer to a question at one instant. */
export class InstantAnswer implements Vector, AnswerNotes {
  readonly labels: Vector['labels'];
  readonly values: Vector['values'];
  readonly warnings: AnswerNotes['warnings'];
  readonly infos: AnswerNotes['infos'];
  readonly samples: AnswerNotes['samples'];

  constructor({ labels, values }: Vector, { warnings, infos, samples }: AnswerNotes) {
    this.labels = labels;
    this.values = values;
    this.warnings = warnings;
    this.infos = infos;
    this.samples = samples;
  }

  /** The same row by row, made when it is asked for. */
  get series(): readonly InstantSeries[] {
    return rowsOf(this);
  }
}

export function rowsOf({ labels, values }: Vector): readonly InstantSeries[] {
  return labels.map((own, index) => ({ labels: own, value: values[index] as number }));
}

export interface RangeAnswer extends AnswerNotes {
  readonly series: readonly RangeSeries[];
}

/** The answer to a question of any type. */
export interface FreeAnswer extends AnswerNotes {
  readonly type: 'vector' | 'matrix' | 'scalar' | 'string';
  /** Of a matrix `RangeSeries`; a scalar is one row without labels, a string none. */
  readonly series: readonly (InstantSeries | RangeSeries)[];
  /** What a string is; null for the others. */
  readonly text: string | null;
}
