import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { configDefaults, configJsonSchema, describeConfig } from '../../../src/config/describe.js';
import { loadConfig } from '../../../src/config/load.js';

it('a described configuration says the same when it is read again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slograph-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    join(folder, 'first.yaml'),
    `
definitions: [./slos]
applications:
  - { name: shop, microservices: [{ namespace: shop }, { namespace: pay, name: "1" }], clusters: [a] }
  - { name: "2", description: text }
tokensFile: tokens
alertmanagers: [{ url: http://am:9093, timeout: 1m30s }]
clusters:
  - { name: a, prometheus: { url: http://p:9090, headersFile: h }, match: { cluster: "no" } }
  - { name: c, prometheus: { url: http://q:9090 }, labels: { node: host, partOf: label_team }, selectors: { istio: { job: envoy } } }
  - { name: b, prometheus: { url: http://p:9090, headersFile: h }, match: { cluster: "1" } }
`,
  );
  const first = loadConfig({ file: join(folder, 'first.yaml') });
  writeFileSync(join(folder, 'second.yaml'), describeConfig(first));
  expect(loadConfig({ file: join(folder, 'second.yaml') })).toEqual(first);
});

it('every setting has a meaning and a default, or is required', () => {
  expect(configDefaults.filter(({ meaning }) => meaning === '')).toEqual([]);
  expect(Object.fromEntries(configDefaults.map((row) => [row.path, row.default]))).toMatchObject({
    'listen.port': '4000',
    'clusters[].name': 'required',
    'clusters[].prometheus.timeout': '10s',
    'clusters[].match': 'none',
    definitions: 'none',
    tokensFile: 'none',
    insecure: 'false',
    'store.path': './data/slograph.db',
    'limits.maxDepth': '15',
    grid: '5s',
  });
});

it('editors get a JSON Schema that knows required settings, defaults and refuses unknown keys', () => {
  const schema = configJsonSchema() as {
    required: string[];
    additionalProperties: boolean;
    properties: Record<string, { default?: unknown; description?: string }>;
  };
  expect(schema.required).toEqual(['clusters']);
  expect(schema.additionalProperties).toBe(false);
  expect(schema.properties.grid).toMatchObject({ type: 'string', default: '5s' });
  expect(schema.properties.grid?.description).toMatch(/multiples/);
});
