import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { problemText } from '../../../src/domain/errors.js';
import type { Definitions } from '../../../src/domain/slo.js';
import { readDefinitions } from '../../../src/specs/definition-files.js';
import { createDefinitionStore, type WatchedDefinitions } from '../../../src/specs/definition-store.js';
import { until } from '../../support/until.js';
import { good, options, service, swap } from '../../unit/specs/support.js';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'slograph-specs-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function named(name: string, target = '0.999'): string {
  return swap(swap(good, 'name: detector-availability', `name: ${name}`), '0.999', target);
}

/** Watches by events alone: the poll is too slow to help. */
async function watched(paths: readonly string[], pollMs = 3_600_000): Promise<WatchedDefinitions> {
  const store = await createDefinitionStore(paths, { ...options, quietMs: 30, pollMs });
  onTestFinished(() => store.close());
  return store;
}

function targets({ slos }: Definitions): string {
  return slos
    .map(({ name, objectives }) => `${name} ${objectives[0]?.target}`)
    .sort()
    .join(', ');
}

function errors({ problems }: Definitions): string[] {
  return problems.filter(({ severity }) => severity === 'ERROR').map(problemText);
}

it('reads files and folders, with what is below them, in the order of their names', async () => {
  const path = folder();
  mkdirSync(join(path, 'sub'));
  writeFileSync(join(path, 'b.yml'), named('b'));
  writeFileSync(join(path, 'a.yaml'), named('a'));
  writeFileSync(join(path, 'sub', 'c.json'), '[]');
  writeFileSync(join(path, 'sub', 'd.yaml'), `${named('d')}---\n${service}`);
  writeFileSync(join(path, 'README.md'), 'not read');
  writeFileSync(join(path, '.hidden.yaml'), 'not read: [');
  writeFileSync(join(path, 'explicit'), named('e'));
  symlinkSync(path, join(path, 'sub', 'loop'));
  const definitions = await readDefinitions([path, join(path, 'explicit'), join(path, 'a.yaml')], options);
  expect(definitions.problems).toEqual([]);
  expect(definitions.slos.map(({ name, source }) => [name, source.file])).toEqual([
    ['a', join(path, 'a.yaml')],
    ['b', join(path, 'b.yml')],
    ['d', join(path, 'sub', 'd.yaml')],
    ['e', join(path, 'explicit')],
  ]);
});

it('says what cannot be read, and reads the rest', async () => {
  const path = folder();
  writeFileSync(join(path, 'a.yaml'), named('a'));
  writeFileSync(join(path, 'latin.yaml'), Buffer.from([0x61, 0xe9, 0x0a]));
  const definitions = await readDefinitions([path, join(path, 'nowhere')], options);
  expect(targets(definitions)).toBe('a 0.999');
  expect(errors(definitions)).toEqual([
    `${join(path, 'latin.yaml')} is not UTF-8 text; save it as UTF-8`,
    `${join(path, 'nowhere')} there is no such file or folder; create it, or mend the path`,
  ]);
});

it('follows edits in place, edits by rename, new files and deleted ones', async () => {
  const path = folder();
  const file = join(path, 'a.yaml');
  writeFileSync(file, named('a'));
  const store = await watched([path]);
  const seen: string[] = [];
  store.onChange((definitions) => seen.push(targets(definitions)));
  const before = store.current().slos[0]?.source.revision;

  writeFileSync(file, named('a', '0.99'));
  await until('an edit in place', () => targets(store.current()) === 'a 0.99');
  expect(store.current().slos[0]?.source.revision).not.toBe(before);

  writeFileSync(join(path, '.a.yaml.swp'), named('a', '0.9'));
  renameSync(join(path, '.a.yaml.swp'), file);
  await until('an edit by rename', () => targets(store.current()) === 'a 0.9');

  mkdirSync(join(path, 'later'));
  writeFileSync(join(path, 'later', 'b.yaml'), named('b'));
  await until('a new file', () => targets(store.current()) === 'a 0.9, b 0.999');

  unlinkSync(file);
  await until('a deleted file', () => targets(store.current()) === 'b 0.999');
  expect(seen.at(-1)).toBe('b 0.999');
  expect(store.current().problems.filter(({ severity }) => severity === 'ERROR')).toEqual([]);
});

it('follows the links that Kubernetes swaps when a ConfigMap changes', async () => {
  const path = folder();
  const put = (version: string, target: string) => {
    mkdirSync(join(path, version));
    writeFileSync(join(path, version, 'a.yaml'), named('a', target));
    symlinkSync(version, join(path, '..data_tmp'));
    renameSync(join(path, '..data_tmp'), join(path, '..data'));
  };
  put('..2026_01', '0.9');
  symlinkSync(join('..data', 'a.yaml'), join(path, 'a.yaml'));
  const store = await watched([path]);
  expect(targets(store.current())).toBe('a 0.9');
  put('..2026_02', '0.99');
  rmSync(join(path, '..2026_01'), { recursive: true });
  await until('the swap', () => targets(store.current()) === 'a 0.99');
  put('..2026_03', '0.999');
  rmSync(join(path, '..2026_02'), { recursive: true });
  await until('the second swap', () => targets(store.current()) === 'a 0.999');
});

it('finds changes by looking where the system reports none', async () => {
  const path = folder();
  const [link, one, other] = [join(path, 'link.yaml'), join(folder(), 'x'), join(folder(), 'y')];
  writeFileSync(one, named('a', '0.9'));
  writeFileSync(other, named('a', '0.99'));
  symlinkSync(one, link);
  const store = await watched([join(path, 'missing'), link], 50);
  expect(targets(store.current())).toBe('a 0.9');
  writeFileSync(join(path, 'missing'), named('b'));
  await until('a path that was missing at first', () => targets(store.current()) === 'a 0.9, b 0.999');
  unlinkSync(link);
  symlinkSync(other, link);
  await until('another file behind the link', () => targets(store.current()) === 'a 0.99, b 0.999');
});

it('keeps the last good version of a bad SLO, and only of that', async () => {
  const path = folder();
  const [a, b] = [join(path, 'a.yaml'), join(path, 'b.yaml')];
  writeFileSync(a, named('a'));
  writeFileSync(b, named('b'));
  const store = await watched([path]);

  writeFileSync(a, named('a', '99'));
  writeFileSync(b, named('b', '0.9'));
  await until(
    'both files',
    () => targets(store.current()) === 'a 0.999, b 0.9' && errors(store.current()).length === 1,
  );
  expect(errors(store.current())[0]).toContain(`${a}:31:15 spec.objectives[0].target: expected a share from 0`);
  expect(store.current().problems.map(problemText)).toContain(
    `${a} the SLO "a" cannot be read now; its last good version stays in force`,
  );

  writeFileSync(a, 'kind: "not closed');
  await until('no YAML at all', () => /not YAML/.test(errors(store.current()).join()));
  expect(targets(store.current())).toBe('a 0.999, b 0.9');

  writeFileSync(a, named('a', '0.95'));
  await until('mended', () => targets(store.current()) === 'a 0.95, b 0.9');
  expect(errors(store.current())).toEqual([]);

  unlinkSync(a);
  await until('gone for good', () => targets(store.current()) === 'b 0.9');
});

it('keeps an SLO whose indicator in another file is bad', async () => {
  const path = folder();
  const sli = `apiVersion: openslo/v1
kind: SLI
metadata: { name: shared }
spec:
  ratioMetric:
    counter: true
    good: { metricSource: { spec: { query: 'sum(x_total{ok="1"})' } } }
    total: { metricSource: { spec: { query: sum(x_total) } } }
`;
  const inline = / {2}indicator:\n(?: {4}.*\n)+/;
  writeFileSync(join(path, 'sli.yaml'), sli);
  writeFileSync(join(path, 'slo.yaml'), good.replace(inline, '  indicatorRef: shared\n'));
  const store = await watched([path]);
  expect(targets(store.current())).toBe('detector-availability 0.999');
  writeFileSync(join(path, 'sli.yaml'), swap(sli, 'sum(x_total)', 'sum(x_total'));
  await until('the bad indicator', () => errors(store.current()).length > 0);
  expect(errors(store.current())[0]).toMatch(/sli\.yaml:8:\d+ .*PromQL does not parse/);
  expect(targets(store.current())).toBe('detector-availability 0.999');
});

it('tells its listeners once per change, not when nothing changed, and not after they left', async () => {
  const path = folder();
  writeFileSync(join(path, 'a.yaml'), named('a'));
  const store = await watched([path]);
  let calls = 0;
  const leave = store.onChange(() => {
    calls += 1;
  });
  writeFileSync(join(path, 'a.yaml'), readFileSync(join(path, 'a.yaml')));
  await store.reload();
  expect(calls).toBe(0);
  writeFileSync(join(path, 'a.yaml'), named('a', '0.9'));
  await Promise.all([store.reload(), store.reload(), store.reload()]);
  expect(calls).toBe(1);
  leave();
  writeFileSync(join(path, 'a.yaml'), named('a', '0.8'));
  await store.reload();
  expect(calls).toBe(1);
  expect(targets(store.current())).toBe('a 0.8');
});

it('survives a folder that goes away and comes back', async () => {
  const path = join(folder(), 'slos');
  mkdirSync(path);
  writeFileSync(join(path, 'a.yaml'), named('a'));
  const store = await watched([path], 50);
  renameSync(path, `${path}.away`);
  await until('the problem', () => errors(store.current()).join().includes('there is no such file or folder'));
  expect(targets(store.current())).toBe('a 0.999');
  renameSync(`${path}.away`, path);
  chmodSync(path, 0o755);
  await until('all well', () => errors(store.current()).length === 0);
  expect(targets(store.current())).toBe('a 0.999');
});
