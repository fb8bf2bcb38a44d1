import { report } from '../measure.js';

/** What a figure was to be. */
export interface Target {
  /** The value that is judged. */
  readonly name: string;
  readonly met: boolean;
  /** How many times the bound lies away, where that can be told. */
  readonly factor?: number;
  /** In words, as it stands in the report. */
  readonly target: string;
}

/** One line of the report, with what became of its targets. */
export function judge(
  figure: string,
  values: Readonly<Record<string, unknown>>,
  targets: readonly Target[] = [],
): void {
  const missed = targets
    .filter(({ met }) => !met)
    .map(({ name, target, factor }) => `${name}: ${target}${factor === undefined ? '' : `, by ${factor.toFixed(2)}`}`);
  const verdict = targets.length === 0 ? {} : { verdict: missed.length === 0 ? 'pass' : 'missed' };
  report(figure, { ...values, ...verdict, ...(missed.length === 0 ? {} : { missed }) });
}

export const atLeast = (name: string, value: number, bound: number): Target => ({
  name,
  met: value >= bound,
  factor: bound / value,
  target: `at least ${bound}`,
});

export const atMost = (name: string, value: number, bound: number): Target => ({
  name,
  met: value <= bound,
  ...(bound > 0 ? { factor: value / bound } : {}),
  target: `at most ${bound}`,
});
