import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { start } from '../../support/process.js';
import { until } from '../../support/until.js';
import { startStreamServer } from '../server/stream-server.js';

function watch(url: string, ...flags: readonly string[]) {
  const running = start(process.execPath, ['dist/main.js', 'watch', '--url', `${url}/graphql`, ...flags]);
  onTestFinished(async () => void (await running.stop('SIGKILL')));
  return running;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'slograph-watch-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

it('prints what is open and what follows, and the next one goes on from the cursor that was kept', async () => {
  const server = await startStreamServer();
  const cursorFile = join(folder(), 'cursor');
  await server.append({ id: 'v1', slo: 'checkout', message: 'burns 20 times too fast' });
  const first = watch(server.url, '--cursor-file', cursorFile);
  await until('the violation', () => first.output().includes('checkout'));
  expect(first.output()).toMatch(/^\S+Z {2}OPENED +PAGE +checkout {2}burns 20 times too fast\n$/);
  await until('the cursor', () => readFileSync(cursorFile, 'utf8').length > 10);
  expect(await first.stop('SIGINT')).toBe(130);
  await server.append({ id: 'v2', slo: 'payment' });
  const second = watch(server.url, '--cursor-file', cursorFile);
  await until('the violation', () => second.output().includes('payment'));
  expect(second.output()).not.toContain('checkout');
});

it('prints every item for programs, of the SLOs, clusters, kinds and severities that are asked for', async () => {
  const server = await startStreamServer();
  await server.append({ id: 'v1', slo: 'checkout' }, { id: 'v2', slo: 'payment', severity: 'TICKET' });
  const running = watch(
    server.url,
    ...['--json', '--severity', 'ticket', '--slo', 'payment', 'checkout', '--kind', 'burn-rate', '--cluster', 'edge'],
  );
  const lines = await until('the bookmark', () => {
    const items = running.output().split('\n').slice(0, -1);
    return items.length > 1 && items;
  });
  const items = lines.map((line) => JSON.parse(line) as { __typename: string; violation?: { sloName: string } });
  expect(items.map(({ __typename, violation }) => violation?.sloName ?? __typename)).toEqual([
    'payment',
    'StreamBookmark',
  ]);
});

it.each([
  [['--severity', 'loud'], 2, /Allowed choices are page, ticket, info/],
  [['--token-file', '/none'], 1, /^error: the token file \/none cannot be read: ENOENT/],
])('%j ends it with code %d and says why', async (flags, code, says) => {
  const server = await startStreamServer();
  const running = watch(server.url, ...flags);
  await until('its end', () => running.child.exitCode !== null);
  expect(running.child.exitCode).toBe(code);
  expect(running.output()).toMatch(says);
});

it('a cursor that is none ends it with what to do', async () => {
  const server = await startStreamServer();
  const cursorFile = join(folder(), 'cursor');
  writeFileSync(cursorFile, 'nonsense\n');
  const running = watch(server.url, '--cursor-file', cursorFile);
  await until('its end', () => running.child.exitCode !== null);
  expect(running.child.exitCode).toBe(1);
  expect(running.output()).toMatch(/^error: BAD_INPUT: .*; delete \S+cursor to begin with what is open\n$/);
});
