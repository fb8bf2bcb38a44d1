import { expect, it } from 'vitest';
import type { ObjectiveDefinition, SloDefinition } from '../../../src/domain/slo.js';
import { revisionOf } from '../../../src/specs/revision.js';
import { anObjective, anSli, anSlo } from '../domain/slo-examples.js';

const query = (text: string, line = 1) => ({ text, path: 'x', line, column: 1 });
const objective = (changes: Partial<ObjectiveDefinition>) => ({ objectives: [anObjective(changes)] });
const calendar = { kind: 'CALENDAR', unit: 'MONTH', count: 1, startTime: '2026-01-01 00:00:00' } as const;
const counting = (hours: string) => ({
  hours: [{ days: [1], fromMinute: 0, toMinute: 60, timeZone: hours }],
  when: null,
});
const rule = anSlo().burnRateRules[0];
if (rule === undefined) throw new Error('an SLO has a rule');

it.each<[string, Partial<SloDefinition>]>([
  ['the kind of window', { window: { ...calendar, timeZone: 'UTC' } }],
  ['its zone', { window: { ...calendar, timeZone: 'Asia/Seoul' } }],
  ['its start', { window: { ...calendar, timeZone: 'UTC', startTime: '2026-01-01 12:00:00' } }],
  ['its length', { window: { kind: 'ROLLING', durationMs: 7 * 86_400_000 } }],
  ['the budgeting method', { budgetingMethod: 'RATIO_TIMESLICES' }],
  ['the target', objective({ target: '0.99' })],
  ['a bound', objective({ upper: { value: 1, inclusive: true } })],
  ['whether a bound is good itself', objective({ upper: { value: 1, inclusive: false } })],
  ['the target of a slice', objective({ timeSliceTarget: '0.9' })],
  ['the length of a slice', objective({ timeSliceWindowMs: 60_000 })],
  ['the SLI of a member', { sli: null, ...objective({ sli: anSli() }) }],
  ['the weight of a member', { sli: null, ...objective({ sli: anSli(), weight: '2' }) }],
  ['the minimum of events', { minEvents: 1 }],
  ['the minimum of failures', { minFailures: 1 }],
  ['the confidence', { confidence: 0.95 }],
  ['the policy for missing data', { noData: 'BAD' }],
  ['hours', { sli: anSli({ counting: counting('UTC') }) }],
  ['the zone of hours', { sli: anSli({ counting: counting('Asia/Seoul') }) }],
  ['a condition', { sli: anSli({ counting: { hours: [], when: query('up') } }) }],
  ['the queries', { sli: anSli({ measure: { kind: 'THRESHOLD', metric: query('up') } }) }],
  ['the cluster', { cluster: 'edge' }],
  ['a factor', { burnRateRules: [{ ...rule, factor: 2 }] }],
  ['a severity', { burnRateRules: [{ ...rule, severity: 'INFO' }] }],
  ['a short window', { burnRateRules: [{ ...rule, shortWindowMs: 60_000 }] }],
  ['a delay', { burnRateRules: [{ ...rule, alertAfterMs: 60_000 }] }],
])('the revision changes with %s', (_, changes) => {
  const changed = revisionOf(anSlo(changes));
  expect(changed).not.toBe(revisionOf(anSlo()));
  expect(revisionOf(anSlo(changes))).toBe(changed);
});

it.each<[string, Partial<SloDefinition>]>([
  ['names for people', { displayName: 'other', description: 'other', ...objective({ displayName: 'other' }) }],
  ['labels and what it belongs to', { labels: { team: ['a'] }, application: 'other', systemKind: 'AI' }],
  ['words of conditions', { sli: anSli({ conditions: ['in service'] }) }],
  ['the order of fields', { sli: { ...anSli(), counting: { when: null, hours: [] } } }],
])('the revision stays with %s', (_, changes) => {
  expect(revisionOf(anSlo(changes))).toBe(revisionOf(anSlo()));
});

it('the revision stays where a condition only moves', () => {
  const at = (line: number) => anSlo({ sli: anSli({ counting: { hours: [], when: query('up  == 1', line) } }) });
  expect(revisionOf(at(9))).toBe(revisionOf(at(1)));
});
