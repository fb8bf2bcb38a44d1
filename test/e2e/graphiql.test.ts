import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { openPage } from '../support/browser.js';
import { startGateway } from '../support/gateway.js';
import { gauge, startPrometheus } from '../support/prometheus.js';

it('lets a person ask and subscribe in a browser, with nothing from outside and no error on the console', async () => {
  const nowMs = Date.now();
  const recent = { fromMs: nowMs - 600_000, toMs: nowMs };
  const prometheus = await startPrometheus({
    series: [
      gauge('node_uname_info{instance="10.0.0.1:9100",nodename="worker-1",release="6.1.0"}', 1, recent),
      gauge('node_memory_MemTotal_bytes{instance="10.0.0.1:9100"}', 16e9, recent),
      gauge('node_memory_MemAvailable_bytes{instance="10.0.0.1:9100"}', 4e9, recent),
    ],
  });
  const gateway = await startGateway(`clusters: [{ name: edge-seoul, prometheus: { url: '${prometheus.url}' } }]`);
  const page = await openPage();
  const visited: URL[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => visited.push(new URL(request.url())));
  page.on('websocket', (socket) => visited.push(new URL(socket.url())));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
  });

  await page.goto(`${gateway.url}/`);
  await page.waitForURL('**/graphiql/');
  await page.locator('.graphiql-query-editor .view-lines').waitFor();
  await run(page);
  await answered(page, '"edge-seoul"');

  await page.getByRole('tab', { name: 'Violations' }).click();
  await page.locator('.graphiql-query-editor .view-lines').filter({ hasText: 'subscription' }).waitFor();
  // At once, as a person may: the editor still holds the operation of the tab before.
  await run(page);
  await answered(page, '"StreamBookmark"');
  // It goes on: the button now stops it.
  await page.getByRole('button', { name: /stop/i }).click();

  // The schema has arrived: the explorer of the documentation lists the root types.
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByRole('link', { name: 'Subscription' }).waitFor();

  const address = new URL(gateway.url).host;
  expect(visited.filter(({ protocol, host }) => host !== address && !['data:', 'blob:'].includes(protocol))).toEqual(
    [],
  );
  expect(visited.some(({ protocol }) => protocol === 'ws:')).toBe(true);
  expect(complaints).toEqual([]);
});

async function run(page: Page): Promise<void> {
  await page.locator('.graphiql-execute-button').click();
}

/** The response holds the text. */
async function answered(page: Page, text: string, timeout = 30_000): Promise<true> {
  await page.locator('.graphiql-response .view-lines').filter({ hasText: text }).waitFor({ timeout });
  return true;
}
