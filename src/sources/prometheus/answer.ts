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

export interface InstantAnswer extends AnswerNotes {
  readonly series: readonly InstantSeries[];
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
