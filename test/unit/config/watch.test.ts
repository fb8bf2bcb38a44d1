import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, it, onTestFinished } from 'vitest';
import { watchConfig } from '../../../src/config/watch.js';
import { until } from '../../support/until.js';

let folder = '';
let changes = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slograph-watch-'));
  changes = 0;
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

async function watching(file: string): Promise<void> {
  const watch = watchConfig(file, () => {
    changes += 1;
  });
  onTestFinished(() => watch.close());
  await watch.ready;
}

const seen = (count: number) => until(`change ${count}`, () => changes === count);

it('sees a file that is written in place, once for each new content', async () => {
  const file = join(folder, 'slograph.yaml');
  writeFileSync(file, 'a: 1');
  await watching(file);
  writeFileSync(file, 'a: 2');
  await seen(1);
  // The same content again and a neighbour are no change: the next one seen is the third content.
  writeFileSync(file, 'a: 2');
  writeFileSync(join(folder, 'other.yaml'), 'x');
  writeFileSync(file, 'a: 3');
  await seen(2);
});

it('sees a file that an editor replaces by renaming, again and again', async () => {
  const file = join(folder, 'slograph.yaml');
  writeFileSync(file, 'a: 0');
  await watching(file);
  for (let count = 1; count <= 3; count += 1) {
    renameSync(file, `${file}~`);
    writeFileSync(`${file}.swp`, `a: ${count}`);
    renameSync(`${file}.swp`, file);
    await seen(count);
  }
});

it('sees the link swap by which Kubernetes updates a mounted ConfigMap, again and again', async () => {
  const publish = (version: number) => {
    mkdirSync(join(folder, `..v${version}`));
    writeFileSync(join(folder, `..v${version}`, 'slograph.yaml'), `a: ${version}`);
    symlinkSync(`..v${version}`, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    if (version > 0) rmSync(join(folder, `..v${version - 1}`), { recursive: true });
  };
  publish(0);
  symlinkSync('..data/slograph.yaml', join(folder, 'slograph.yaml'));
  await watching(join(folder, 'slograph.yaml'));
  for (let version = 1; version <= 3; version += 1) {
    publish(version);
    await seen(version);
  }
});

it('sees a change of the file that a link points at elsewhere', async () => {
  mkdirSync(join(folder, 'real'));
  mkdirSync(join(folder, 'etc'));
  writeFileSync(join(folder, 'real', 'gateway.yaml'), 'a: 0');
  symlinkSync('../real/gateway.yaml', join(folder, 'etc', 'slograph.yaml'));
  await watching(join(folder, 'etc', 'slograph.yaml'));
  writeFileSync(join(folder, 'real', 'gateway.yaml'), 'a: 1');
  await seen(1);
});

it('sees a file that is deleted and comes back', async () => {
  const file = join(folder, 'slograph.yaml');
  writeFileSync(file, 'a: 0');
  await watching(file);
  rmSync(file);
  writeFileSync(file, 'a: 1');
  await seen(1);
});
