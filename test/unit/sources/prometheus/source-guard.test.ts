import { expect, it } from 'vitest';
import { overdue, PrometheusFailure, unavailable } from '../../../../src/sources/prometheus/failure.js';
import { createSourceGuard } from '../../../../src/sources/prometheus/source-guard.js';

it.each([
  { failure: overdue('no answer within 2s'), reason: 'TIMEOUT' },
  { failure: unavailable('the connection was refused'), reason: 'UNAVAILABLE' },
])(
  'spares a source that fails by $reason with failures of the same reason, so that an outage is one cause',
  async ({ failure, reason }) => {
    const guard = createSourceGuard({
      name: 'edge',
      timeoutMs: 5_000,
      maxConcurrent: 8,
      breakAfter: 2,
      breakMs: 60_000,
    });
    let asked = 0;
    const ask = () =>
      guard.run(
        'up',
        async () => {
          asked += 1;
          throw new PrometheusFailure('edge', failure, 'up');
        },
        new AbortController().signal,
      );
    for (const _ of [1, 2]) await expect(ask()).rejects.toMatchObject({ reason, message: `edge: ${failure.text}` });
    const message = `edge: not asked, since it fails: ${failure.text}`;
    await expect(ask()).rejects.toMatchObject({ reason, message, query: 'up' });
    expect(asked).toBe(2);
  },
);
