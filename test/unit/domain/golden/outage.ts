import { parseDuration } from '../../../../src/domain/duration.js';
import { measureObjective } from '../../../../src/domain/evaluation.js';
import type { BurnRateRule } from '../../../../src/domain/slo.js';
import { anObjective, anSlo, events, readingsOf, T0 } from '../slo-examples.js';

/** An outage that begins at T0 and ends with the last of `lastsMs`; an event happens in every millisecond. */
export interface Outage {
  /** Share of bad events while it lasts, 0..1. */
  readonly errors: number;
  readonly lastsMs: number;
}

/** A rule for one window, or for two. */
export function aRule(factor: number, longWindow: string, shortWindow = longWindow): BurnRateRule {
  const [longWindowMs, shortWindowMs] = [parseDuration(longWindow), parseDuration(shortWindow)];
  return { severity: 'PAGE', longWindowMs, shortWindowMs, budgetShare: 0, factor, alertAfterMs: 0 };
}

/** Events of the last so many milliseconds, so many milliseconds after the outage began. */
export function eventsDuring({ errors, lastsMs }: Outage, afterMs: number, windowMs: number) {
  const badMs = Math.max(0, Math.min(afterMs, lastsMs) - Math.max(0, afterMs - windowMs));
  return events(errors * badMs, windowMs);
}

/** Whether a rule of 99.9 % over 30 d fires so many milliseconds after an outage began. */
export function firesAt(rule: BurnRateRule, outage: Outage): (afterMs: number) => boolean {
  const slo = anSlo({ burnRateRules: [rule] });
  return (afterMs) => {
    const readings = readingsOf(slo, null, {}, { atMs: T0 + afterMs });
    const windows = new Map(
      [...readings.windows].map(([windowMs, reading]) => [
        windowMs,
        { ...reading, events: eventsDuring(outage, afterMs, windowMs) },
      ]),
    );
    const figures = measureObjective(slo, anObjective(), { ...readings, windows }, { figures: null, open: null });
    return figures.alerts[0]?.firing === true;
  };
}

/** The last millisecond of a stretch before something changes for good; it has to change once within it. */
export function changesAfter(holds: (atMs: number) => boolean, fromMs: number, toMs: number): number {
  const first = holds(fromMs);
  if (holds(toMs) === first) throw new Error(`nothing changes from ${fromMs} to ${toMs}`);
  let [before, after] = [fromMs, toMs];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (holds(middle) === first) before = middle;
    else after = middle;
  }
  return before;
}
