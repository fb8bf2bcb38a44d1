import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SourceError } from '../../../src/domain/errors.js';
import { createPrometheusClient, type PrometheusClientOptions } from '../../../src/sources/prometheus/client.js';
import { freePort } from '../../support/process.js';
import { until } from '../../support/until.js';
import { answer, json, type Reply, startLyingServer, vector } from './lying-server.js';

const CALL = { timeoutMs: 10_000 };

async function clientOf(reply: Reply, options: Partial<PrometheusClientOptions> = {}) {
  const server = await startLyingServer(reply);
  const client = createPrometheusClient({ name: 'edge', url: server.url, ...options });
  onTestFinished(() => client.close());
  return { server, client };
}

async function failureOf(promise: Promise<unknown>): Promise<SourceError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SourceError);
  return error as SourceError;
}

describe('a request', () => {
  it('is a POST with the time, the deadline and the wish for statistics', async () => {
    const { server, client } = await clientOf(vector('1'));
    await client.instant('up{job="a"}', 1_768_478_400_123, { timeoutMs: 2_500 });
    const [request] = server.received;
    expect(request).toMatchObject({ method: 'POST', path: '/api/v1/query' });
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      query: 'up{job="a"}',
      time: '1768478400.123',
      timeout: '2500ms',
      stats: 'all',
      nocache: '1',
    });
    expect(request?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
  });

  it('means 1970 by time 0, and not now', async () => {
    const { server, client } = await clientOf((response, request) => {
      const matrix = json({ status: 'success', data: { resultType: 'matrix', result: [] } });
      (request.path.endsWith('range') ? matrix : vector('1'))(response, request);
    });
    await client.instant('up', 0, CALL);
    await client.range('up', { fromMs: 0, toMs: 0, stepMs: 500 }, CALL);
    expect(server.received[0]?.form.get('time')).toBe('0');
    expect(Object.fromEntries(server.received[1]?.form ?? [])).toMatchObject({ start: '0', end: '0', step: '0.5' });
  });

  it('reuses its connection', async () => {
    const { server, client } = await clientOf(vector('1'));
    for (let at = 1; at <= 10; at += 1) await client.instant('up', at * 1_000, CALL);
    expect(new Set(server.received.map(({ port }) => port)).size).toBe(1);
  });

  it('keeps the path of the URL, with or without a slash at its end', async () => {
    const server = await startLyingServer(vector('1'));
    for (const suffix of ['/prometheus', '/prometheus/']) {
      const client = createPrometheusClient({ name: 'edge', url: server.url + suffix });
      onTestFinished(() => client.close());
      await client.instant('up', 1_000, CALL);
    }
    expect(server.received.map(({ path }) => path)).toEqual(Array(2).fill('/prometheus/api/v1/query'));
  });

  it('goes where the URL says, whatever proxy the environment names', async () => {
    const proxy = await startLyingServer(answer(502, 'text/plain', 'proxy'));
    const names = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) process.env[name] = proxy.url;
    onTestFinished(() => {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    });
    const { client } = await clientOf(vector('7'));
    expect((await client.instant('up', 1_000, CALL)).series[0]?.value).toBe(7);
    expect(proxy.received).toEqual([]);
  });

  it('carries the headers of the headers file, and its new ones when the file is replaced', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slograph-headers-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const headersFile = join(folder, 'headers');
    writeFileSync(headersFile, '# tenant\nX-Scope-OrgID: edge-1\n\nAuthorization: Bearer a:b=\n');
    const { server, client } = await clientOf(vector('1'), { access: { headersFile } });
    await client.instant('up', 1_000, CALL);
    writeFileSync(`${headersFile}.new`, 'X-Scope-OrgID: edge-22\n');
    renameSync(`${headersFile}.new`, headersFile);
    await client.instant('up', 2_000, CALL);
    expect(server.received.map(({ headers }) => [headers['x-scope-orgid'], headers.authorization])).toEqual([
      ['edge-1', 'Bearer a:b='],
      ['edge-22', undefined],
    ]);
  });

  it.each([
    { content: 'X-A: ok\nsecret-token-without-colon', says: /line 2 of the headers file is not "Name: value"/ },
    { content: 'Content-Length: 5', says: /sets Content-Length, which the request needs for itself/ },
    { content: null, says: /headers file cannot be used: ENOENT/ },
  ])('is not sent with a headers file like $content, and the content is not told', async ({ content, says }) => {
    const folder = mkdtempSync(join(tmpdir(), 'slograph-headers-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const headersFile = join(folder, 'headers');
    if (content !== null) writeFileSync(headersFile, content);
    const { server, client } = await clientOf(vector('1'), { access: { headersFile } });
    const error = await failureOf(client.instant('up', 1_000, CALL));
    expect(error).toMatchObject({ reason: 'UNAVAILABLE', message: expect.stringMatching(says) });
    expect(error.message).not.toContain(folder);
    expect(inspect(error, { depth: 9 })).not.toContain('secret-token');
    expect(server.received).toEqual([]);
  });
});

describe('an answer', () => {
  it.each(['vector', 'scalar', 'string', 'streams'])('of type %s to a range is no answer', async (resultType) => {
    const { client } = await clientOf(json({ status: 'success', data: { resultType, result: [] } }));
    const error = await failureOf(client.range('up', { fromMs: 0, toMs: 1, stepMs: 1 }, CALL));
    expect(error).toMatchObject({ reason: 'UNAVAILABLE', message: expect.stringContaining('Prometheus API') });
  });

  it('of a type that the API does not know is no answer', async () => {
    const { client } = await clientOf(json({ status: 'success', data: { resultType: 'streams', result: [] } }));
    expect(await failureOf(client.instant('up', 1_000, CALL))).toMatchObject({ reason: 'UNAVAILABLE' });
    expect(await failureOf(client.free('up', 1_000, CALL))).toMatchObject({ reason: 'UNAVAILABLE' });
  });

  it.each([
    { text: '+Inf', value: Number.POSITIVE_INFINITY },
    { text: '-Inf', value: Number.NEGATIVE_INFINITY },
    { text: 'NaN', value: Number.NaN },
    { text: '1e+06', value: 1_000_000 },
    { text: '0.1', value: 0.1 },
  ])('of $text is $value', async ({ text, value }) => {
    const { client } = await clientOf((response, request) => {
      const rows = [{ metric: {}, values: [[1.001, text]] }];
      const matrix = json({ status: 'success', data: { resultType: 'matrix', result: rows } });
      (request.path.endsWith('range') ? matrix : vector(text))(response, request);
    });
    expect((await client.instant('up', 1_000, CALL)).series[0]?.value).toBe(value);
    const { series } = await client.range('up', { fromMs: 0, toMs: 1, stepMs: 1 }, CALL);
    expect([...(series[0]?.values ?? [])]).toEqual([value]);
    expect([...(series[0]?.timesMs ?? [])]).toEqual([1_001]);
  });

  it('keeps warnings, infos and the samples that were touched', async () => {
    const data = {
      resultType: 'vector',
      result: [],
      stats: { timings: {}, samples: { totalQueryableSamples: 42, peakSamples: 7 } },
    };
    const { client } = await clientOf(
      json({ status: 'success', data, warnings: ['store-1 is\ngone', 'store-1 is\ngone'], infos: ['not a counter'] }),
    );
    expect(await client.instant('up', 1_000, CALL)).toMatchObject({
      series: [],
      warnings: ['store-1 is gone'],
      infos: ['not a counter'],
      samples: 42,
    });
  });

  it('keeps a label called __proto__, and no prototype', async () => {
    const body =
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__proto__":"a","b":"c"},"value":[1,"2"]}]}}';
    const { client } = await clientOf(answer(200, 'application/json', body));
    const labels = (await client.instant('up', 1_000, CALL)).series[0]?.labels ?? {};
    expect(Object.entries(labels)).toEqual([
      ['__proto__', 'a'],
      ['b', 'c'],
    ]);
    expect(labels.toString).toBeUndefined();
  });

  it('says that native histograms are left out, and keeps the other rows', async () => {
    const histogram = [1, { count: '2', sum: '3', buckets: [] }];
    const { client } = await clientOf((response, request) => {
      const result = request.path.endsWith('range')
        ? [
            { metric: { a: '1' }, histograms: [histogram] },
            { metric: { a: '2' }, values: [[1, '5']] },
          ]
        : [
            { metric: { a: '1' }, histogram },
            { metric: { a: '2' }, value: [1, '5'] },
          ];
      const resultType = request.path.endsWith('range') ? 'matrix' : 'vector';
      json({ status: 'success', data: { resultType, result } })(response, request);
    });
    const instant = await client.instant('h', 1_000, CALL);
    expect(instant.series).toEqual([{ labels: { a: '2' }, value: 5 }]);
    expect(instant.warnings).toEqual(['1 series hold native histograms, which are not read']);
    const range = await client.range('h', { fromMs: 0, toMs: 1_000, stepMs: 1_000 }, CALL);
    expect(range.series.map(({ labels }) => ({ ...labels }))).toEqual([{ a: '2' }]);
    expect(range.warnings).toHaveLength(1);
  });

  it('ignores what it does not know', async () => {
    const { client } = await clientOf(vector('1', { isPartial: false, trace: { a: [] } }));
    expect((await client.instant('up', 1_000, CALL)).series).toHaveLength(1);
  });
});

describe('a failure', () => {
  const html = '<html><title>Sign in</title></html>';
  const echo = `parse error: ${'x'.repeat(100_000)}`;
  it.each<{ name: string; reply: Reply; reason: SourceError['reason']; says: RegExp }>([
    { name: 'a login page with 200', reply: answer(200, 'text/html', html), reason: 'UNAVAILABLE', says: /text\/html/ },
    { name: 'nothing with 200', reply: answer(200, 'text/plain', ''), reason: 'UNAVAILABLE', says: /text\/plain/ },
    {
      name: 'JSON that was cut',
      reply: answer(200, 'application/json', '{"status":"success","data":{"resultTy'),
      reason: 'UNAVAILABLE',
      says: /not whole JSON/,
    },
    { name: 'JSON of something else', reply: json({ hello: 1 }), reason: 'UNAVAILABLE', says: /not from a Prometheus/ },
    {
      name: 'a result of no known shape',
      reply: json({ status: 'success', data: { resultType: 'vector', result: [{ metric: {}, value: 5 }] } }),
      reason: 'UNAVAILABLE',
      says: /not what the Prometheus API describes/,
    },
    { name: 'HTML with 502', reply: answer(502, 'text/html', html), reason: 'UNAVAILABLE', says: /HTTP 502$/ },
    { name: 'HTML with 503', reply: answer(503, 'text/html', html), reason: 'UNAVAILABLE', says: /HTTP 503$/ },
    { name: 'HTML with 504', reply: answer(504, 'text/html', html), reason: 'TIMEOUT', says: /HTTP 504$/ },
    {
      name: 'a Prometheus that replays its log',
      reply: answer(503, 'text/plain; charset=utf-8', 'Service Unavailable'),
      reason: 'UNAVAILABLE',
      says: /HTTP 503: Service Unavailable$/,
    },
    {
      name: 'an error with 200',
      reply: json({ status: 'error', errorType: 'execution', error: 'too many samples' }),
      reason: 'REJECTED',
      says: /edge: too many samples$/,
    },
    {
      name: 'a full query queue',
      reply: json({ status: 'error', errorType: 'timeout', error: 'query timed out in query queue' }, 503),
      reason: 'TIMEOUT',
      says: /query timed out in query queue/,
    },
    {
      name: 'a Prometheus that shuts down',
      reply: json({ status: 'error', errorType: 'canceled', error: 'query was canceled' }, 503),
      reason: 'UNAVAILABLE',
      says: /canceled/,
    },
    {
      name: 'VictoriaMetrics refusing a query',
      reply: json({ status: 'error', errorType: '422', error: 'cannot parse' }, 422),
      reason: 'REJECTED',
      says: /cannot parse/,
    },
    {
      name: 'too many requests',
      reply: answer(429, 'text/plain', 'slow down'),
      reason: 'UNAVAILABLE',
      says: /HTTP 429: slow down/,
    },
    { name: 'missing credentials', reply: answer(401, 'text/html', html), reason: 'REJECTED', says: /headersFile/ },
    { name: 'a wrong path', reply: answer(404, 'text/plain', '404'), reason: 'REJECTED', says: /path of url/ },
    {
      name: 'a text that echoes a large query',
      reply: json({ status: 'error', errorType: 'bad_data', error: echo }, 400),
      reason: 'REJECTED',
      says: /^edge: parse error: x{200,300}…$/,
    },
  ])('of $name is $reason', async ({ reply, reason, says }) => {
    const { client } = await clientOf(reply);
    const error = await failureOf(client.instant('up', 1_000, CALL));
    expect(error).toMatchObject({ reason, code: `SOURCE_${reason}`, dataSource: 'edge', query: 'up' });
    expect(error.message).toMatch(says);
    expect(error.stack).toContain('PrometheusFailure');
  });

  it('of a redirect is refused: credentials must not travel on', async () => {
    const other = await startLyingServer(vector('1'));
    const { client } = await clientOf((response) => response.writeHead(302, { location: other.url }).end());
    const error = await failureOf(client.instant('up', 1_000, CALL));
    expect(error).toMatchObject({ reason: 'REJECTED', message: expect.stringContaining('redirect') });
    expect(other.received).toEqual([]);
  });

  it('of a connection that nobody accepts is UNAVAILABLE, and tells no address', async () => {
    const client = createPrometheusClient({ name: 'edge', url: `http://127.0.0.1:${await freePort()}` });
    const error = await failureOf(client.instant('up', 1_000, CALL));
    expect(error).toMatchObject({ reason: 'UNAVAILABLE', message: 'edge: the connection was refused' });
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('of an unknown host is UNAVAILABLE', async () => {
    const client = createPrometheusClient({ name: 'edge', url: 'http://nowhere.invalid:9090' });
    expect(await failureOf(client.instant('up', 1_000, CALL))).toMatchObject({ reason: 'UNAVAILABLE' });
  });

  it.each<{ name: string; reply: Reply }>([
    { name: 'before its head', reply: (response) => response.destroy() },
    {
      name: 'inside a chunked body',
      reply: (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"status":"success","data":', () => response.destroy());
      },
    },
    {
      name: 'short of its length',
      reply: (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
        response.write('{"status":"success"', () => response.destroy());
      },
    },
  ])('of an answer cut $name is UNAVAILABLE', async ({ reply }) => {
    const { client } = await clientOf(reply);
    const error = await failureOf(client.instant('up', 1_000, CALL));
    expect(error).toMatchObject({
      reason: 'UNAVAILABLE',
      message: 'edge: the connection broke before the answer was whole',
    });
  });

  it.each(['identity', 'gzip'])('of an answer beyond the bound is REJECTED, encoded as %s', async (encoding) => {
    const body = JSON.stringify({ status: 'success', padding: 'x'.repeat(50_000) });
    const { client } = await clientOf(
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding });
        response.end(encoding === 'gzip' ? gzipSync(body) : body);
      },
      { maxAnswerBytes: 10_000 },
    );
    const error = await failureOf(client.instant('up', 1_000, CALL));
    expect(error).toMatchObject({ reason: 'REJECTED', message: 'edge: the answer is too large; ask for less' });
  });

  it.each<{ name: string; reply: Reply }>([
    { name: 'never answers', reply: () => undefined },
    {
      name: 'trickles without end',
      reply: (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(timer));
      },
    },
  ])('of a source that $name is TIMEOUT, and its connection is given up', async ({ reply }) => {
    const { server, client } = await clientOf(reply);
    const error = await failureOf(client.instant('up', 1_000, { timeoutMs: 200 }));
    expect(error).toMatchObject({ reason: 'TIMEOUT', message: 'edge: no answer within 200ms' });
    await until('the connection to close', () => server.connections() === 0);
  });

  it('keeps credentials out of everything that could be logged', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slograph-headers-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const headersFile = join(folder, 'headers');
    writeFileSync(headersFile, 'Authorization: Bearer canary-7f3a\n');
    for (const reply of [
      answer(502, 'text/html', html),
      answer(200, 'text/html', html),
      (r) => r.destroy(),
    ] as Reply[]) {
      const { client } = await clientOf(reply, { access: { headersFile } });
      const error = await failureOf(client.instant('up', 1_000, CALL));
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('canary-7f3a');
    }
  });
});

describe('an asker that goes away', () => {
  it('ends the request at once, with its own reason', async () => {
    const { server, client } = await clientOf(() => undefined);
    const controller = new AbortController();
    const asked = client.instant('up', 1_000, { ...CALL, signal: controller.signal });
    await until('the request to arrive', () => server.received.length === 1);
    controller.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    await until('the connection to close', () => server.connections() === 0);
  });

  it('sends nothing when it is gone already', async () => {
    const { server, client } = await clientOf(vector('1'));
    await expect(
      client.instant('up', 1_000, { ...CALL, signal: AbortSignal.abort(new Error('gone')) }),
    ).rejects.toThrow('gone');
    await client.instant('marker', 1_000, CALL);
    expect(server.received.map(({ form }) => form.get('query'))).toEqual(['marker']);
  });
});

describe('what a source says of itself', () => {
  it.each<{ name: string; reply: Reply; kind: string | null; version: string | null }>([
    {
      name: 'a Prometheus',
      reply: build({ version: '2.42.0', goVersion: 'go1.19' }),
      kind: 'prometheus',
      version: '2.42.0',
    },
    { name: 'a Thanos', reply: build({ version: '0.34.1', goVersion: 'go1.21' }), kind: 'thanos', version: '0.34.1' },
    {
      name: 'a Mimir',
      reply: build({ application: 'Grafana Mimir', version: '2.11' }),
      kind: 'mimir',
      version: '2.11',
    },
    { name: 'a VictoriaMetrics of old', reply: build({}), kind: 'victoria-metrics', version: null },
    {
      name: 'a VictoriaMetrics that imitates Prometheus',
      reply: (response) =>
        response
          .writeHead(200, { 'content-type': 'application/json', 'X-Server-Hostname': 'vm-0' })
          .end(JSON.stringify({ status: 'success', data: { version: '2.24.0' } })),
      kind: 'victoria-metrics',
      version: null,
    },
  ])('tells $name', async ({ reply, kind, version }) => {
    const { server, client } = await clientOf(reply);
    expect(await client.buildInfo(CALL)).toEqual({ kind, version });
    expect(server.received[0]).toMatchObject({ method: 'GET', path: '/api/v1/status/buildinfo' });
  });

  function build(data: object): Reply {
    return json({ status: 'success', data });
  }
});
