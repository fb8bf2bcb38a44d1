import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { findEngine } from '../../src/demo/engines.js';

/** A page of a real Chromium with a profile of its own; both are gone when the test has finished. */
export async function openPage(): Promise<Page> {
  const executablePath = findEngine('chromium');
  if (executablePath === null) throw new Error('chromium is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'slograph-chromium-'));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath,
    headless: true,
    viewport: { width: 1_400, height: 900 },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  onTestFinished(async () => {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  return page;
}
