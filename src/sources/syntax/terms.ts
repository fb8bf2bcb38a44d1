/** Functions that read a range, by the position of the range among their arguments, and how many arguments they have. */
export const rangeFunctions: ReadonlyMap<string, { readonly range: number; readonly arguments: number }> = new Map([
  ...[
    'rate increase irate delta idelta deriv resets changes absent_over_time avg_over_time count_over_time',
    'first_over_time last_over_time mad_over_time max_over_time min_over_time present_over_time stddev_over_time',
    'stdvar_over_time sum_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time',
  ]
    .join(' ')
    .split(' ')
    .map((name) => [name, { range: 0, arguments: 1 }] as const),
  ['predict_linear', { range: 0, arguments: 2 }],
  ['quantile_over_time', { range: 1, arguments: 2 }],
  ['double_exponential_smoothing', { range: 0, arguments: 3 }],
  ['holt_winters', { range: 0, arguments: 3 }],
]);

/** Aggregations with a parameter before the vector. */
export const parameterised: ReadonlySet<string> = new Set([
  'topk',
  'bottomk',
  'quantile',
  'count_values',
  'limitk',
  'limit_ratio',
]);

/** Words that may stand before a parenthesis, for suggestions. */
export const terms: readonly string[] = [
  ...rangeFunctions.keys(),
  ...parameterised,
  ...'sum avg min max count group stddev stdvar'.split(' '),
  ...'abs absent ceil clamp clamp_max clamp_min exp floor histogram_count histogram_fraction histogram_quantile'.split(
    ' ',
  ),
  ...'histogram_sum histogram_avg label_join label_replace ln log10 log2 round scalar sgn sort sort_desc sqrt'.split(
    ' ',
  ),
  ...'time timestamp vector hour minute month year day_of_month day_of_week day_of_year days_in_month'.split(' '),
];
