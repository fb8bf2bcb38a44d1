import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { expect, it, onTestFinished } from 'vitest';
import { encodeStreamCursor } from '../../src/graph/cursor.js';
import { startStreamServer } from '../integration/server/stream-server.js';
import { openPage } from '../support/browser.js';
import { until } from '../support/until.js';

const CONTENT_TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/** The page in a project of its own that has slograph installed, built as its user would. @returns the folder to serve */
async function builtPage(): Promise<string> {
  const project = mkdtempSync(join(tmpdir(), 'slograph-page-'));
  onTestFinished(() => rmSync(project, { recursive: true, force: true }));
  cpSync('test/e2e/browser-client', project, { recursive: true });
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(resolve('.'), join(project, 'node_modules', 'slograph'));
  const outDir = join(project, 'dist');
  await build({ root: project, configFile: false, logLevel: 'warn', build: { outDir, target: 'es2022' } });
  return outDir;
}

/** Serves files on loopback. @returns the port */
async function serveFiles(folder: string): Promise<number> {
  const server = createServer(({ url = '/' }, response) => {
    const name = new URL(url, 'http://page').pathname;
    const file = name === '/' ? '/index.html' : name;
    response.setHeader('content-type', CONTENT_TYPES[extname(file)] ?? 'application/octet-stream');
    try {
      response.end(readFileSync(join(folder, file)));
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

const shown = (page: Page) => page.locator('#items li').allTextContents();
const shows = (page: Page, text: string) => page.locator('#items li').filter({ hasText: text }).waitFor();

it('a page follows violations through a restart of the gateway, and goes on from its cursor when it is loaded again', async () => {
  const port = await serveFiles(await builtPage());
  const origin = `http://127.0.0.1:${port}`;
  const allowedOrigins = [origin];
  const first = await startStreamServer({ allowedOrigins });
  await first.append({ id: 'open' });
  const gateway = `${first.url.replace('http', 'ws')}/graphql`;
  const search = `?${new URLSearchParams({ gateway })}`;
  const page = await openPage();
  const saved = () => page.evaluate<string | null>("localStorage.getItem('violations')");

  await page.goto(`${origin}/${search}`);
  await shows(page, 'open/opened');
  const bookmark = await until('a cursor to be saved', saved);
  await first.append({ id: 'before' });
  await shows(page, 'before/opened');
  await until('its cursor to be saved', async () => (await saved()) !== bookmark);

  await first.server.stop();
  await page.locator('#interrupted').filter({ hasText: '1012' }).waitFor();
  await first.append({ id: 'meanwhile' });
  const listen = { host: '127.0.0.1', port: Number(new URL(first.url).port) };
  const second = await startStreamServer({ allowedOrigins, listen }, first.store);
  await shows(page, 'meanwhile/opened');
  await second.append({ id: 'after' });
  await shows(page, 'after/opened');
  expect(await shown(page)).toEqual(['open', 'before', 'meanwhile', 'after'].map((id) => `${id}/opened`));

  const { head } = await second.store.position();
  await until('the last cursor to be saved', async () => (await saved()) === encodeStreamCursor(head));
  await page.goto('about:blank');
  await second.append({ id: 'away' });
  await page.goto(`${origin}/${search}`);
  await shows(page, 'away/opened');
  expect(await shown(page)).toEqual(['away/opened']);

  // The same page by another name is of another origin, which nobody has allowed.
  await page.goto(`http://localhost:${port}/${search}`);
  await page.locator('#interrupted span').first().waitFor();
  expect(await shown(page)).toEqual([]);
}, 120_000);
