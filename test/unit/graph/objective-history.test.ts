import { describe, expect, it } from 'vitest';
import type { ObjectiveHistory } from '../../../src/domain/objective-history.js';
import type { TimeRange } from '../../../src/domain/ports.js';
import { ask, slo, T0, type World } from './graph-world.js';

const DAY = 86_400_000;

function recorded() {
  const asked: { slo: string; objective: string; range: TimeRange }[] = [];
  const history = (slo: string, objective: string, range: TimeRange): ObjectiveHistory => {
    asked.push({ slo, objective, range });
    const length = (range.toMs - range.fromMs) / range.stepMs + 1;
    const column = <T>(value: (index: number) => T) => Array.from({ length }, (_, index) => value(index));
    return {
      timesMs: column((index) => range.fromMs + index * range.stepMs),
      ratio: column((index) => (index === 0 ? null : 0.999)),
      remainingRatio: column((index) => (index === 0 ? null : -0.5)),
      burnRate: column((index) => (index === 0 ? null : Number.POSITIVE_INFINITY)),
      coverage: column((index) => (index === 0 ? 0 : 1)),
      estimated: column((index) => index === 0),
    };
  };
  return { asked, history };
}

const a = slo('a');
const world = (changes: Partial<World> = {}): World => ({
  clusters: ['edge'],
  slos: [{ ...a, evaluatedAtMs: T0 }],
  ...changes,
});
const query = (args: string, fields = 'step times ratio remainingRatio burnRate coverage isEstimated') =>
  `{ slo(name: "${a.definition.name}") { objectives { history${args} { ${fields} } } } }`;
const first = (data: unknown) =>
  (data as { slo: { objectives: { history: Record<string, unknown> }[] } }).slo.objectives[0]?.history;

describe('the history of an objective in the graph', () => {
  it('is columns of equal length, with null for what is not known or no number', async () => {
    const { asked, history } = recorded();
    const { data, codes, calls } = await ask(world({ history }), query('(last: "2h", step: "1h")'));
    expect(codes).toEqual([]);
    expect(first(data)).toEqual({
      step: '1h',
      times: [T0 / 1_000 - 7_200, T0 / 1_000 - 3_600, T0 / 1_000],
      ratio: [null, 0.999, 0.999],
      remainingRatio: [null, -0.5, -0.5],
      burnRate: [null, null, null],
      coverage: [0, 1, 1],
      isEstimated: [true, false, false],
    });
    expect(asked.map(({ range }) => range)).toEqual([{ fromMs: T0 - 7_200_000, toMs: T0, stepMs: 3_600_000 }]);
    expect(calls.series).toEqual([]);
  });

  it('is 30 days long by default, in steps that give up to 240 points, and the same point by point', async () => {
    const { asked, history } = recorded();
    const { data } = await ask(world({ history }), query('', 'step points { time ratio coverage isEstimated }'));
    expect(asked[0]?.range).toEqual({ fromMs: T0 - 30 * DAY, toMs: T0, stepMs: 10_800_000 });
    const { step, points } = first(data) as { step: string; points: unknown[] };
    expect(step).toBe('3h');
    expect(points).toHaveLength(241);
    expect(points[0]).toEqual({ time: '2025-12-05T12:00:00.000Z', ratio: null, coverage: 0, isEstimated: true });
  });

  it('ends at the instant that was asked for', async () => {
    const { asked, history } = recorded();
    const at = `{ slo(name: "${a.definition.name}", at: "2026-01-03T12:00:00Z") { objectives { history(last: "1d") { step } } } }`;
    expect((await ask(world({ history }), at)).codes).toEqual([]);
    expect(asked[0]?.range.toMs).toBe(T0 - DAY);
  });

  it.each([
    { args: '(step: "30s")', code: 'BAD_INPUT', because: 'nothing shorter than a minute is kept' },
    { args: '(last: "365d", step: "1m")', code: 'BAD_INPUT', because: 'it has too many points' },
    { args: '(last: "-1h")', code: 'BAD_INPUT', because: 'it begins after it ends' },
  ])('$args is refused: $because', async ({ args, code }) => {
    expect((await ask(world({ history: recorded().history }), query(args))).codes).toEqual([code]);
  });

  it('has a bound for all histories of an operation together', async () => {
    const { history } = recorded();
    const many = Array.from({ length: 20 }, (_, n) => `h${n}: history(last: "7d", step: "1m") { step }`).join(' ');
    const { codes } = await ask(world({ history }), `{ slo(name: "${a.definition.name}") { objectives { ${many} } } }`);
    expect(new Set(codes)).toEqual(new Set(['LIMIT_EXCEEDED']));
    const short = Array.from({ length: 500 }, (_, n) => `h${n}: history(last: "1m", step: "1m") { step }`).join(' ');
    const answer = await ask(world({ history }), `{ slo(name: "a") { objectives { ${short} } } }`);
    expect(new Set(answer.codes)).toEqual(new Set(['LIMIT_EXCEEDED']));
  });

  it('of an objective that went away meanwhile is not found', async () => {
    expect((await ask(world(), query(''))).codes).toEqual(['NOT_FOUND']);
  });
});
