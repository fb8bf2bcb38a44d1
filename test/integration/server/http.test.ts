import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../support/until.js';
import { answerOf, startTestServer } from './test-server.js';

const preflight = { 'apollo-require-preflight': '1' };

describe('GraphQL over HTTP', () => {
  it('answers POST, and GET with a header that makes browsers ask first', async () => {
    const { url, post } = await startTestServer();
    expect(await (await post({ query: '{ hello caller }' })).json()).toEqual({
      data: { hello: 'world', caller: 'local' },
    });
    const get = `${url}/graphql?query=${encodeURIComponent('{ hello }')}`;
    expect(await (await fetch(get, { headers: preflight })).json()).toEqual({ data: { hello: 'world' } });
    const simple = await fetch(get);
    expect(simple.status).toBe(400);
    expect(await simple.text()).toContain('CSRF');
  });

  it('appends failures of sources to errors, beside the data that is there', async () => {
    const { post, logged } = await startTestServer();
    const answer = await (await post({ query: '{ hello source }' })).json();
    expect(answer).toEqual({
      data: { hello: 'world', source: null },
      errors: [
        {
          message: 'edge: connection refused',
          path: ['source'],
          extensions: { code: 'SOURCE_UNAVAILABLE', retryable: true, dataSource: 'edge' },
        },
      ],
    });
    expect(logged()).not.toContain('hunter2');
  });

  it('tells the plan only to those who ask for it', async () => {
    const { post } = await startTestServer();
    const asked = await answerOf(post({ query: '{ hello }' }, { 'x-slograph-plan': '1' }));
    expect(asked.extensions.plan).toEqual([
      { promql: 'up', dataSource: 'edge', cached: false, durationMs: 1, samples: 1, entities: 1 },
    ]);
    expect(await (await post({ query: '{ hello }' })).json()).not.toHaveProperty('extensions');
  });

  it('masks a bug and keeps its cause in the log under the id that the answer carries', async () => {
    const { post, logged } = await startTestServer();
    const response = await post({ query: '{ hello bug badInput }' });
    const { data, errors } = await answerOf(response);
    expect(data).toEqual({ hello: 'world', bug: null, badInput: null });
    expect(errors.map((error) => error.extensions)).toEqual([
      { code: 'INTERNAL_SERVER_ERROR', retryable: false, requestId: response.headers.get('x-request-id') },
      { code: 'BAD_INPUT', retryable: false },
    ]);
    expect(JSON.stringify(errors)).not.toContain('hunter2');
    expect(logged()).toContain('hunter2');
    expect(logged()).toContain(response.headers.get('x-request-id'));
  });

  it('keeps the codes of Apollo for what is wrong with the request itself', async () => {
    const { post } = await startTestServer();
    const codeOf = async (body: unknown) => (await answerOf(post(body))).errors[0]?.extensions.code;
    expect(await codeOf({ query: '{ hello' })).toBe('GRAPHQL_PARSE_FAILED');
    expect(await codeOf({ query: '{ nothing }' })).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await codeOf({ query: 'query ($n: Int!) { double(of: $n) }', variables: { n: 'x' } })).toBe(
      'BAD_USER_INPUT',
    );
    expect(await codeOf({ query: 'query a { hello } query b { hello }' })).toBe('OPERATION_RESOLUTION_FAILURE');
    expect(await codeOf({ query: 'subscription { tick }' })).toBe('BAD_REQUEST');
    expect(await codeOf('{"query": ')).toBe('BAD_REQUEST');
    expect(await codeOf([{ query: '{ hello }' }, { query: '{ hello }' }])).toBe('BAD_REQUEST');
  });

  it('tells the graph when a client hangs up before its answer', async () => {
    const { url, slow, aborted } = await startTestServer();
    const { port } = new URL(url);
    const body = JSON.stringify({ query: '{ slow }' });
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: localhost:${port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await slow.reached;
    socket.destroy();
    await aborted;
  });

  it('compresses long answers', async () => {
    const { post } = await startTestServer();
    const all = '{ thing { all { all { all { all { all { a: name b: name c: name } } } } } } }';
    const response = await post({ query: all });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect((await answerOf(response)).data.thing).toHaveProperty('all.length', 2);
  });
});

describe('who may call', () => {
  it('is not a page of another origin, and nothing is executed for it', async () => {
    const { post, requests } = await startTestServer();
    const refused = await post({ query: '{ hello }' }, { origin: 'http://evil.example' });
    expect(refused.status).toBe(403);
    expect((await answerOf(refused)).errors[0]?.extensions).toEqual({ code: 'FORBIDDEN', retryable: false });
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    expect(requests).toEqual([]);
  });

  it('is a page of an origin on the list, preflight included', async () => {
    const { url, post } = await startTestServer();
    const origin = 'https://ops.example';
    const asked = await fetch(`${url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(origin);
    const answer = await post({ query: '{ hello }' }, { origin });
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(await answer.json()).toEqual({ data: { hello: 'world' } });
  });

  it('is the bearer of a token, once there are tokens; what the file says now counts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slograph-tokens-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const tokensFile = join(folder, 'tokens.yaml');
    writeFileSync(tokensFile, '- { name: ops, token: first-secret }\n');
    const { post, url, logged } = await startTestServer({ tokensFile });
    const ask = (authorization?: string) =>
      post({ query: '{ caller }' }, authorization === undefined ? {} : { authorization });

    expect((await ask()).status).toBe(401);
    expect((await ask()).headers.get('www-authenticate')).toBe('Bearer');
    expect((await ask('Bearer wrong')).status).toBe(401);
    expect((await answerOf(ask('Basic first-secret'))).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await (await ask('Bearer first-secret')).json()).toEqual({ data: { caller: 'ops' } });
    expect((await fetch(`${url}/livez`)).status).toBe(200);

    writeFileSync(tokensFile, '- { name: ops, token: second-secret }\n');
    await until('the new token to count', async () => (await ask('Bearer second-secret')).ok);
    expect((await ask('Bearer first-secret')).status).toBe(401);

    writeFileSync(tokensFile, '- { nme: ops }\n');
    await until('the problem to be logged', () => logged().includes('stay in force'));
    expect((await ask('Bearer second-secret')).status).toBe(200);
    expect(logged()).not.toContain('-secret');
  });

  it('is nobody whose token gives no right to read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slograph-tokens-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const tokensFile = join(folder, 'tokens.yaml');
    writeFileSync(tokensFile, '- { name: hand, token: a-secret, rights: [acknowledge] }\n');
    const { post, requests } = await startTestServer({ tokensFile });
    const refused = await post({ query: '{ caller }' }, { authorization: 'Bearer a-secret' });
    expect(refused.status).toBe(403);
    expect((await answerOf(refused)).errors[0]?.extensions.code).toBe('FORBIDDEN');
    expect(requests).toEqual([]);
  });

  it('is nobody beyond loopback without tokens: the server refuses to start', async () => {
    await expect(startTestServer({ listen: { host: '0.0.0.0', port: 0 } })).rejects.toThrow('--insecure');
    const { post } = await startTestServer({ listen: { host: '0.0.0.0', port: 0 }, insecure: true });
    expect((await post({ query: '{ hello }' })).status).toBe(200);
  });

  it('learns that a port is taken, and nothing stays behind', async () => {
    const { server } = await startTestServer();
    await expect(startTestServer({ listen: { host: '127.0.0.1', port: server.port } })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});

describe('the pages beside the graph', () => {
  it('say whether to send work, and what stands in the way', async () => {
    const reasons: string[] = ['the first evaluation has not ended'];
    const { url } = await startTestServer({ unready: async () => reasons });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    const unready = await fetch(`${url}/readyz`);
    expect(unready.status).toBe(503);
    expect(await unready.text()).toContain('the first evaluation has not ended');
    reasons.length = 0;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('tell what the gateway measures of itself, with labels that no client can grow', async () => {
    const { url, post } = await startTestServer();
    for (let index = 0; index < 20; index += 1) await post({ query: `query name${index} { hello }` });
    await post({ query: '{ nothing }' });
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('slograph_graphql_requests_total{type="query",outcome="ok"} 20');
    expect(text).toContain('slograph_graphql_requests_total{type="unknown",outcome="refused"} 1');
    expect(text).toMatch(/slograph_build_info\{version="0\.0\.0-test",node="v\d+/);
    expect(text).toContain('slograph_config_last_reload_successful 1');
    expect(text).not.toContain('name0');
  });

  it('lead browsers to the editor, and programs to what there is', async () => {
    const { url } = await startTestServer();
    const browser = await fetch(`${url}/`, { headers: { accept: 'text/html' }, redirect: 'manual' });
    expect(browser.headers.get('location')).toBe('/graphiql/');
    expect(await (await fetch(`${url}/`)).json()).toMatchObject({ graphql: '/graphql' });
    const visit = await fetch(`${url}/graphql`, { headers: { accept: 'text/html,*/*' }, redirect: 'manual' });
    expect(visit.headers.get('location')).toBe('/graphiql/');
    expect((await answerOf(fetch(`${url}/nowhere`))).errors[0]?.extensions.code).toBe('NOT_FOUND');
  });

  it('show the editor under a policy that lets nothing in from elsewhere', async () => {
    const { url } = await startTestServer();
    const page = await fetch(`${url}/graphiql/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe-eval');
    const script = /src="(\/graphiql\/assets\/[^"]+\.js)"/.exec(await page.text())?.[1];
    const asset = await fetch(`${url}${script}`);
    expect(asset.headers.get('cache-control')).toContain('immutable');
    await asset.arrayBuffer();
    expect(new URL((await fetch(`${url}/graphiql`)).url).pathname).toBe('/graphiql/');
  });
});
