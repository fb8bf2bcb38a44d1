import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../src/server/metrics.js';

describe('what the gateway measures of itself', () => {
  it('counts the violations that are open when it is asked, and says nothing while the store does not', async () => {
    const metrics = createMetrics('0.0.0-test');
    let open: number | Error = 2;
    metrics.countOpen(async () => {
      if (open instanceof Error) throw open;
      return open;
    });
    const shown = async () => /^slograph_violations_open .*$/m.exec(await metrics.registry.metrics())?.[0];
    expect(await shown()).toBe('slograph_violations_open 2');
    open = new Error('disk I/O error');
    expect(await shown()).toBeUndefined();
    open = 0;
    expect(await shown()).toBe('slograph_violations_open 0');
  });

  it('knows every transition before the first, so that its rate shows the first', async () => {
    const text = await createMetrics('0.0.0-test').registry.metrics();
    for (const transition of ['opened', 'severity_changed', 'resolved']) {
      expect(text).toContain(`slograph_violation_transitions_total{transition="${transition}"} 0`);
    }
  });

  it('tells answers from memory apart from what was sent, and does not time what was never sent', async () => {
    const metrics = createMetrics('0.0.0-test');
    const request = { dataSource: 'edge', outcome: 'OK', durationMs: 20, cached: false, samples: 1_134 };
    metrics.request(request);
    metrics.request({ ...request, cached: true });
    metrics.request({ ...request, outcome: 'SHED', samples: null });
    const text = await metrics.registry.metrics();
    expect(text).toContain('slograph_upstream_requests_total{datasource="edge",code="ok"} 1');
    expect(text).toContain('slograph_upstream_requests_total{datasource="edge",code="shed"} 1');
    expect(text).toContain('slograph_upstream_request_duration_seconds_count{datasource="edge"} 1');
    expect(text).toContain('slograph_upstream_samples_total{datasource="edge"} 1134');
    expect(text).toContain('slograph_cache_events_total{cache="answers",result="hit"} 1');
  });

  it('goes on after a source that counts its samples in nonsense', async () => {
    const metrics = createMetrics('0.0.0-test');
    const request = { dataSource: 'edge', outcome: 'OK', durationMs: 20, cached: false, samples: -5 };
    metrics.request(request);
    await expect(metrics.registry.metrics()).rejects.toThrow();
    metrics.request({ ...request, samples: 7 });
    expect(await metrics.registry.metrics()).toContain('slograph_upstream_samples_total{datasource="edge"} 7');
  });

  it('counts each question to a data source once, however often and however late somebody reads it', async () => {
    const metrics = createMetrics('0.0.0-test');
    const request = { dataSource: 'edge', outcome: 'OK', durationMs: 20, cached: false, samples: 2 };
    const shown = async () => {
      const text = await metrics.registry.metrics();
      return ['requests_total', 'request_duration_seconds_count', 'samples_total'].map((name) =>
        Number(new RegExp(`^slograph_upstream_${name}{.*} (.*)$`, 'm').exec(text)?.[1]),
      );
    };
    metrics.request(request);
    expect(await shown()).toEqual([1, 1, 2]);
    expect(await shown()).toEqual([1, 1, 2]);
    for (let count = 0; count < 2_500; count += 1) metrics.request(request);
    expect(await shown()).toEqual([2_501, 2_501, 5_002]);
  });
});
