import { describe, expect, it, onTestFinished } from 'vitest';
import { everything, scopeOf } from '../../../src/domain/access.js';
import { InputError } from '../../../src/domain/errors.js';
import type { PlanEntry, ReadContext } from '../../../src/domain/ports.js';
import {
  createPlanner,
  type PlannerOptions,
  type RequestObservation,
} from '../../../src/sources/prometheus/planner.js';
import { startPrometheus } from '../../support/prometheus.js';
import { until } from '../../support/until.js';
import { answer, json, type Reply, startLyingServer, vector } from './lying-server.js';

function plannerOf(url: string, prometheus: object = {}, options: Partial<PlannerOptions> = {}) {
  const observed: RequestObservation[] = [];
  const planner = createPlanner({
    clusters: [
      {
        name: 'edge',
        prometheus: { url, timeoutMs: 5_000, maxConcurrent: 10, headersFile: null, ...prometheus },
        match: {},
      },
    ],
    observe: (observation) => observed.push(observation),
    ...options,
  });
  onTestFinished(() => planner.close());
  return { planner, observed };
}

function asker(signal?: AbortSignal, scope = everything): ReadContext & { readonly plan: PlanEntry[] } {
  const plan: PlanEntry[] = [];
  return { scope, plan, onPlan: (entry) => plan.push(entry), ...(signal === undefined ? {} : { signal }) };
}

const sent = (plan: readonly PlanEntry[]) => plan.filter(({ cached }) => !cached).length;

describe('the plan', () => {
  it('has one entry for each question, and as many that are not cached as requests were sent', async () => {
    const server = await startLyingServer(
      vector('1', { data: { resultType: 'vector', result: [], stats: { samples: { totalQueryableSamples: 9 } } } }),
    );
    const { planner } = plannerOf(server.url);
    const [ann, bob] = [asker(), asker()];
    const ask = (context: ReadContext, promql: string, atMs: number) =>
      planner.instant('edge', promql, atMs, 7, context);
    await Promise.all([ask(ann, 'a', 1_000), ask(bob, 'a', 1_000), ask(ann, 'a', 1_000), ask(ann, 'b', 1_000)]);
    await ask(bob, 'a', 2_000);
    await ask(bob, 'b', 1_000);
    expect(server.received).toHaveLength(3);
    expect(sent(ann.plan) + sent(bob.plan)).toBe(3);
    expect(ann.plan).toHaveLength(3);
    expect(bob.plan).toHaveLength(3);
    expect(bob.plan.at(-1)).toMatchObject({ promql: 'b', dataSource: 'edge', cached: true, samples: 9, entities: 7 });
  });

  it('E13: never shares between those who may see different things, nor between instants', async () => {
    const server = await startLyingServer(vector('1'));
    const { planner } = plannerOf(server.url);
    await planner.instant('edge', 'a', 1_000, 1, asker());
    await planner.instant('edge', 'a', 1_000, 1, asker(undefined, scopeOf(['edge'], null)));
    expect(server.received).toHaveLength(2);
    await planner.instant('edge', 'a', 6_000, 1, asker());
    expect(server.received).toHaveLength(3);
  });

  it('counts the second request when asking again was safe', async () => {
    const server = await startLyingServer((response, request) => {
      const reply = server.received.length === 1 ? answer(503, 'text/html', '') : vector('1');
      reply(response, request);
    });
    const { planner, observed } = plannerOf(server.url);
    const context = asker();
    expect((await planner.instant('edge', 'a', 1_000, 1, context)).series).toHaveLength(1);
    expect(context.plan.map(({ cached }) => cached)).toEqual([false, false]);
    expect(observed.map(({ outcome }) => outcome)).toEqual(['UNAVAILABLE', 'OK']);
  });

  it.each<{ name: string; reply: Reply; requests: number }>([
    { name: '503', reply: answer(503, 'text/html', ''), requests: 2 },
    { name: 'a cut connection', reply: (response) => response.destroy(), requests: 2 },
    { name: 'a login page', reply: answer(200, 'text/html', ''), requests: 1 },
    { name: '429', reply: answer(429, 'text/plain', ''), requests: 1 },
    { name: '504', reply: answer(504, 'text/html', ''), requests: 1 },
    { name: 'a refusal', reply: json({ status: 'error', errorType: 'bad_data', error: 'no' }, 400), requests: 1 },
    { name: 'a timeout', reply: json({ status: 'error', errorType: 'timeout', error: 'no' }, 503), requests: 1 },
  ])('has $requests requests for $name', async ({ reply, requests }) => {
    const server = await startLyingServer(reply);
    const { planner } = plannerOf(server.url);
    const context = asker();
    await expect(planner.instant('edge', 'a', 1_000, 1, context)).rejects.toThrow();
    expect(server.received).toHaveLength(requests);
    expect(sent(context.plan)).toBe(requests);
  });

  it('E20: does not keep an answer with warnings', async () => {
    const server = await startLyingServer(vector('1', { warnings: ['a store is gone'] }));
    const { planner, observed } = plannerOf(server.url);
    await planner.instant('edge', 'a', 1_000, 1, asker());
    await planner.instant('edge', 'a', 1_000, 1, asker());
    expect(server.received).toHaveLength(2);
    expect(observed.map(({ outcome }) => outcome)).toEqual(['PARTIAL', 'PARTIAL']);
  });

  it('asks again when an answer has grown old', async () => {
    const server = await startLyingServer(vector('1'));
    const { planner } = plannerOf(server.url, {}, { cacheTtlMs: 1 });
    await planner.instant('edge', 'a', 1_000, 1, asker());
    await until('a second request', async () => {
      await planner.instant('edge', 'a', 1_000, 1, asker());
      return server.received.length === 2;
    });
  });
});

describe('a range', () => {
  it('of 11,000 points is asked for, and one of more is the asker’s mistake', async () => {
    const server = await startLyingServer(json({ status: 'success', data: { resultType: 'matrix', result: [] } }));
    const { planner } = plannerOf(server.url);
    const range = { fromMs: 0, toMs: 10_999 * 15_000, stepMs: 15_000 };
    await planner.range('edge', 'a', range, 1, asker());
    await expect(planner.range('edge', 'a', { ...range, toMs: range.toMs + 15_000 }, 1, asker())).rejects.toThrow(
      InputError,
    );
    await expect(planner.range('edge', 'a', { ...range, stepMs: 0 }, 1, asker())).rejects.toThrow(InputError);
    await expect(planner.range('edge', 'a', { ...range, toMs: -1 }, 1, asker())).rejects.toThrow(InputError);
    expect(server.received).toHaveLength(1);
  });
});

describe('askers that leave', () => {
  it('stop the request when nobody is left', async () => {
    const server = await startLyingServer(() => undefined);
    const { planner, observed } = plannerOf(server.url);
    const [one, two] = [new AbortController(), new AbortController()];
    const contexts = [asker(one.signal), asker(two.signal)];
    const asked = contexts.map((context) => planner.instant('edge', 'a', 1_000, 1, context));
    const ends = asked.map((promise) => expect(promise).rejects.toThrow('gone'));
    await until('the request to arrive', () => server.received.length === 1);
    one.abort(new Error('gone'));
    await ends[0];
    expect(server.connections()).toBe(1);
    two.abort(new Error('gone'));
    await ends[1];
    await until('the connection to close', () => server.connections() === 0);
    expect(contexts.map(({ plan }) => plan.length)).toEqual([1, 0]);
    expect(observed.map(({ outcome }) => outcome)).toEqual(['ABANDONED']);
  });

  it('while they wait for their turn cause no request', async () => {
    const replies: (() => void)[] = [];
    const server = await startLyingServer((response, request) => {
      replies.push(() => vector('1')(response, request));
    });
    const { planner } = plannerOf(server.url, { maxConcurrent: 1 });
    const leaving = new AbortController();
    const context = asker(leaving.signal);
    const first = planner.instant('edge', 'a', 1_000, 1, asker());
    const second = planner.instant('edge', 'b', 1_000, 1, context);
    const third = planner.instant('edge', 'c', 1_000, 1, asker());
    leaving.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    for (const count of [1, 2]) {
      await until('a request', () => replies.length === count);
      replies[count - 1]?.();
    }
    await Promise.all([first, third]);
    expect(server.received.map(({ form }) => form.get('query'))).toEqual(['a', 'c']);
    expect(context.plan).toEqual([]);
  });
});

describe('a source in trouble', () => {
  it('is never asked by more at once than configured, and late questions are told why', async () => {
    const server = await startLyingServer(() => undefined);
    const { planner } = plannerOf(server.url, { maxConcurrent: 2, timeoutMs: 300 });
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((promql) => planner.instant('edge', promql, 1_000, 1, asker())),
    );
    expect(server.received.length).toBeLessThanOrEqual(4);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'SOURCE_TIMEOUT' } });
    }
  });

  it('is left alone after five failures in a row, and used again when it is back', async () => {
    const server = await startLyingServer(answer(500, 'text/plain', 'broken'));
    const { planner, observed } = plannerOf(server.url);
    for (let at = 1; at <= 5; at += 1) {
      await expect(planner.instant('edge', 'a', at, 1, asker())).rejects.toThrow('HTTP 500: broken');
    }
    const context = asker();
    await expect(planner.instant('edge', 'a', 6, 1, context)).rejects.toThrow(
      'edge: not asked, since it fails: HTTP 500: broken',
    );
    expect(context.plan).toEqual([]);
    expect(server.received).toHaveLength(5);
    expect(observed.at(-1)).toMatchObject({ outcome: 'SHED', cached: false });
    server.reply = vector('1');
    await until('an answer', () => planner.instant('edge', 'a', 7, 1, asker()), 5_000);
    const burst = ['a', 'b', 'c'].map((promql) => planner.instant('edge', promql, 8, 1, asker()));
    expect(await Promise.all(burst)).toHaveLength(3);
  });

  it('that refuses questions is well: refusals never count', async () => {
    const server = await startLyingServer(json({ status: 'error', errorType: 'bad_data', error: 'no' }, 400));
    const { planner } = plannerOf(server.url);
    for (let at = 1; at <= 8; at += 1) {
      await expect(planner.instant('edge', 'a', at, 1, asker())).rejects.toMatchObject({ code: 'SOURCE_REJECTED' });
    }
    expect(server.received).toHaveLength(8);
  });

  it('is asked PromQL however often it does not say which metrics it has', async () => {
    const refused = json({ status: 'error', errorType: 'unavailable', error: 'no store answers' }, 503);
    const answered = vector('1');
    const server = await startLyingServer((response, request) =>
      (request.path.includes('/label/') ? refused : answered)(response, request),
    );
    const { planner } = plannerOf(server.url);
    for (let hour = 1; hour <= 12; hour += 1) {
      await expect(planner.metricNames('edge', {}, hour * 3_600_000, asker())).rejects.toMatchObject({
        code: 'SOURCE_UNAVAILABLE',
      });
    }
    expect((await planner.instant('edge', 'vector(1)', 1_000, 1, asker())).series).toHaveLength(1);
  });

  it('does not come between the metrics it has: a partial list proves nothing', async () => {
    const server = await startLyingServer(json({ status: 'success', data: ['up'], warnings: ['a store is gone'] }));
    const { planner } = plannerOf(server.url);
    await expect(planner.metricNames('edge', {}, 1_000, asker())).rejects.toThrow('its list of metrics is partial');
  });
});

describe('a real Prometheus', () => {
  it('that is killed fails at once, and is used again within seconds of its return', async () => {
    const prometheus = await startPrometheus();
    const { planner } = plannerOf(prometheus.url);
    const ask = (atMs: number) => planner.instant('edge', 'vector(1)', atMs, 1, asker());
    await ask(1_000);
    await prometheus.stop('SIGKILL');
    for (let at = 2; at <= 6; at += 1) {
      await expect(ask(at * 1_000)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    }
    expect(await planner.status('edge')).toMatchObject({ reachable: false, error: expect.stringContaining('refused') });
    await prometheus.restart();
    await until('an answer', () => ask(7_000), 10_000);
    await until('its status', async () => (await planner.status('edge')).reachable, 10_000);
  });

  it('that hangs is a timeout, and answers when it goes on', async () => {
    const prometheus = await startPrometheus();
    const { planner } = plannerOf(prometheus.url, { timeoutMs: 500 });
    process.kill(prometheus.process.pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(prometheus.process.pid, 'SIGCONT'));
    await expect(planner.instant('edge', 'vector(1)', 1_000, 1, asker())).rejects.toMatchObject({
      code: 'SOURCE_TIMEOUT',
    });
    expect(await planner.status('edge')).toMatchObject({
      reachable: false,
      error: expect.stringContaining('no answer'),
    });
    process.kill(prometheus.process.pid, 'SIGCONT');
    await until('an answer', () => planner.instant('edge', 'vector(1)', 1_000, 1, asker()), 10_000);
  });
});
