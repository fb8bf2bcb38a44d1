import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../src/domain/duration.js';
import { needsOf } from '../../../src/domain/ledger-needs.js';
import type { SloDefinition } from '../../../src/domain/slo.js';
import { anObjective, anSlo } from './slo-examples.js';

const day = parseDuration('1d');

describe('the slices that are kept', () => {
  const needs = (changes: Partial<SloDefinition>, timeSliceWindow: string | null = null) => {
    const timeSliceWindowMs = timeSliceWindow === null ? null : parseDuration(timeSliceWindow);
    const objective = anObjective({ timeSliceWindowMs });
    return needsOf(anSlo({ windowMs: 30 * day, objectives: [objective], ...changes }), objective);
  };

  it('are hours for the whole window, and shorter ones for some days', () => {
    expect(needs({})).toEqual({ minutesForMs: (day / 24) * 7, blocksForMs: 3 * day, hoursForMs: 30 * day });
  });

  it('are as short as the slices that are counted, for the whole window', () => {
    const methods = { budgetingMethod: 'TIMESLICES' } as const;
    expect(needs(methods, '10m')).toMatchObject({ blocksForMs: 30 * day });
    expect(needs(methods, '2m')).toMatchObject({ minutesForMs: 30 * day });
    // Seven minutes begin where no block of five does, whatever else needs such blocks.
    expect(needs({ ...methods, noData: 'BAD' }, '7m')).toMatchObject({ minutesForMs: 30 * day });
  });

  it('reach a window further back where figures stay as they were', () => {
    expect(needs({ noData: 'FREEZE' })).toMatchObject({ blocksForMs: 6 * day, hoursForMs: 60 * day });
    const slices = needs({ noData: 'FREEZE', budgetingMethod: 'TIMESLICES' }, '10m');
    expect(slices).toMatchObject({ blocksForMs: 60 * day, hoursForMs: 60 * day });
  });
});
