import { expect, it } from 'vitest';
import type { Violation } from '../../../src/domain/violation.js';
import { alertOf, identityOf } from '../../../src/notify/alert.js';

const violation: Violation = {
  id: 'v',
  slo: 'queue-age',
  objective: 'objective-1',
  revision: 'r',
  cluster: 'edge-seoul',
  microservice: null,
  application: null,
  kind: 'THRESHOLD',
  severity: 'TICKET',
  status: 'OPEN',
  startedAtMs: Date.UTC(2026, 0, 15, 12),
  resolvedAtMs: null,
  message: 'the queue is 31 s old, at most 30 s is good',
  burnRate: null,
  peakBurnRate: null,
  budgetConsumed: null,
  longWindowMs: null,
  shortWindowMs: null,
  threshold: 30,
  value: 31,
};

it('has no label and no annotation for what is not known', () => {
  const alert = alertOf(violation, { endsAtMs: Date.UTC(2026, 0, 15, 13), externalUrl: null });
  expect(alert).toEqual({
    labels: {
      alertname: 'SLOViolation',
      slo: 'queue-age',
      objective: 'objective-1',
      cluster: 'edge-seoul',
      severity: 'ticket',
      kind: 'threshold',
    },
    annotations: {
      summary: 'queue-age: the value is out of its bounds',
      description: 'the queue is 31 s old, at most 30 s is good',
      threshold: '30',
      value: '31',
      violation_id: 'v',
    },
    startsAt: '2026-01-15T12:00:00.000Z',
    endsAt: '2026-01-15T13:00:00.000Z',
  });
});

it('stays the same alert while figures and windows change, and becomes another with the severity', () => {
  const options = { endsAtMs: 0, externalUrl: null };
  const identity = identityOf(alertOf(violation, options));
  const later: Violation = { ...violation, burnRate: 3, longWindowMs: 3_600_000, value: 40, message: 'more', id: 'w' };
  expect(identityOf(alertOf(later, options))).toBe(identity);
  expect(identityOf(alertOf({ ...violation, severity: 'PAGE' }, options))).not.toBe(identity);
});

it('never ends before it starts, which Alertmanager refuses', () => {
  const { startsAt, endsAt } = alertOf(violation, { endsAtMs: 0, externalUrl: null });
  expect(endsAt).toBe(startsAt);
});
