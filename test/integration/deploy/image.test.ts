import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { freePort, start } from '../../support/process.js';
import { startPrometheus } from '../../support/prometheus.js';
import { until } from '../../support/until.js';
import { perform, unprivileged, walk } from './dockerfile.js';

it("the Dockerfile's own commands make a gateway that runs as a plain user on files it cannot write", async () => {
  const image = await perform(resolve('deploy/Dockerfile'), resolve('.'), 'gateway');
  onTestFinished(() => rmSync(dirname(image.root), { recursive: true, force: true }));
  expect(image.user).toBe('65532:65532');
  walk(image.root, (path, isFolder, isLink) => !isLink && chmodSync(path, isFolder ? 0o555 : 0o444));

  const prometheus = await startPrometheus();
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), 'slograph-data-'));
  chmodSync(data, 0o777);
  onTestFinished(() => rmSync(data, { recursive: true, force: true }));
  const configFile = join(data, 'slograph.yaml');
  writeFileSync(
    configFile,
    `listen: { host: 127.0.0.1, port: ${port} }\nclusters: [{ name: c, prometheus: { url: '${prometheus.url}' } }]\nstore: { path: ./store/slograph.db }\n`,
  );
  mkdirSync(join(data, 'store'));
  chmodSync(join(data, 'store'), 0o777);

  const [program, ...args] = [...image.entrypoint, ...image.command].map((word) =>
    word === '/etc/slograph/slograph.yaml' ? configFile : word.startsWith('/app/') ? join(image.root, word) : word,
  ) as [string, ...string[]];
  const gateway = start(program, args, {
    cwd: join(image.root, image.workdir),
    env: { PATH: process.env.PATH, ...image.env },
    ...unprivileged(),
  });
  onTestFinished(async () => void (await gateway.stop()));
  await until('the gateway to be ready', async () => {
    if (gateway.child.exitCode !== null) throw new Error(gateway.output());
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  });
  const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ clusters { name reachable } }' }),
  });
  expect(await answer.json()).toEqual({ data: { clusters: [{ name: 'c', reachable: true }] } });
  expect(await gateway.stop()).toBe(0);
}, 300_000);
