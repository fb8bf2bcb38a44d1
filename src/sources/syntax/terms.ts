/** What an expression gives. */
export type ValueType = 'scalar' | 'vector' | 'range' | 'string';

/** Arguments of a function: their types in order, and how many must be there. The last may repeat. */
export interface Signature {
  readonly types: readonly ValueType[];
  readonly atLeast: number;
  readonly atMost: number;
}

const RANGE = `rate increase irate delta idelta deriv resets changes absent_over_time avg_over_time count_over_time
  first_over_time last_over_time mad_over_time max_over_time min_over_time present_over_time stddev_over_time
  stdvar_over_time sum_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time`;
const VECTOR = `abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg histogram_count
  histogram_stddev histogram_stdvar histogram_sum ln log10 log2 rad scalar sgn sin sinh sort sort_desc sqrt
  start_timestamp tan tanh timestamp`;
const CALENDAR = 'day_of_month day_of_week day_of_year days_in_month hour minute month year';

/** Every function whose arguments are known; `?` is optional, `*` may repeat. */
export const signatures: ReadonlyMap<string, Signature> = new Map([
  ...words(RANGE).map((name) => [name, signature('range')] as const),
  ...words(VECTOR).map((name) => [name, signature('vector')] as const),
  ...words(CALENDAR).map((name) => [name, signature('vector?')] as const),
  ['time', signature('')],
  ['pi', signature('')],
  ['vector', signature('scalar')],
  ['round', signature('vector scalar?')],
  ['clamp', signature('vector scalar scalar')],
  ['clamp_max', signature('vector scalar')],
  ['clamp_min', signature('vector scalar')],
  ['histogram_quantile', signature('scalar vector')],
  ['histogram_fraction', signature('scalar scalar vector')],
  ['label_replace', signature('vector string string string string')],
  ['label_join', signature('vector string string string*')],
  ['predict_linear', signature('range scalar')],
  ['quantile_over_time', signature('scalar range')],
  ['double_exponential_smoothing', signature('range scalar scalar')],
]);

/** Aggregations with a parameter before the vector. */
export const parameterised: ReadonlySet<string> = new Set(
  words('topk bottomk quantile count_values limitk limit_ratio'),
);

/** Words that may stand before a parenthesis, for suggestions. */
export const terms: readonly string[] = [
  ...signatures.keys(),
  ...parameterised,
  ...words('sum avg min max count group stddev stdvar'),
];

function signature(text: string): Signature {
  const given = text === '' ? [] : words(text);
  const types = given.map((word) => word.replace(/[?*]$/, '') as ValueType);
  return {
    types,
    atLeast: given.filter((word) => !/[?*]$/.test(word)).length,
    atMost: text.endsWith('*') ? Number.POSITIVE_INFINITY : types.length,
  };
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
