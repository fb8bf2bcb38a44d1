import { readFileSync } from 'node:fs';
import { buildSchema, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { configDefaults } from '../../src/config/describe.js';
import type { SliDefinition } from '../../src/domain/slo.js';
import { parseTokens } from '../../src/server/tokens.js';
import { createSliCompiler } from '../../src/sources/sli-compiler.js';
import { sliTemplates } from '../../src/sources/sli-templates.js';
import { parseDefinitions } from '../../src/specs/openslo.js';

const readme = readFileSync('README.md', 'utf8');
const slos = readFileSync('docs/slos.md', 'utf8');

describe('the README', () => {
  it('has the table of settings with the defaults that are in force', () => {
    const text = (value: string) => (value === 'required' || value === 'none' ? value : `\`${value}\``);
    const rows = configDefaults.map((row) => `| \`${row.path}\` | ${text(row.default)} | ${row.meaning} |`);
    expect(tableAfter(readme, '| setting | default | meaning |')).toEqual(rows);
  });

  it('asks only what the schema has', () => {
    const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
    const operations = blocks(readme, 'graphql');
    expect(operations).toHaveLength(3);
    for (const operation of operations) expect(validate(schema, parse(operation)), operation).toEqual([]);
  });

  it('shows answers that are JSON of the shape that was asked for', () => {
    const [nodes, promises, stream] = blocks(readme, 'json').map((text) => JSON.parse(text) as { data: object });
    expect(nodes?.data).toHaveProperty('cluster.nodes.nodes');
    expect(promises?.data).toHaveProperty('slos.nodes');
    expect(stream?.data).toHaveProperty('violations.transition');
  });

  it('has examples of definitions and tokens that are read without a complaint', () => {
    const [slo] = blocks(readme, 'yaml').filter((text) => text.includes('openslo/v1'));
    expect(problemsOf(slo ?? '')).toEqual([]);
    const [tokens] = blocks(readme, 'yaml').filter((text) => text.startsWith('# tokens.yaml'));
    expect(parseTokens(tokens ?? '', 'tokens.yaml').callerOf('change-me')?.name).toBe('on-call');
  });
});

describe('docs/slos.md', () => {
  it('has the table of templates with the parameters they take', () => {
    const rows = sliTemplates.map(({ name, kind, parameters, description }) => {
      const list = Object.entries(parameters).map(
        ([parameter, { required }]) => `\`${parameter}${required ? '' : '?'}\``,
      );
      return `| \`${name}\` | \`${kind === 'RATIO' ? 'ratioMetric' : 'thresholdMetric'}\` | ${list.join(', ')} | ${description} |`;
    });
    expect(tableAfter(slos, '| template | under | parameters | what it measures |')).toEqual(rows);
  });

  it('names annotations that are known', () => {
    const names = tableAfter(slos, '| `slograph.dev/...` | what it says |').flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([\w-]+)`/g)].map((match) => match[1] as string),
    );
    expect(names.length).toBeGreaterThan(8);
    const example = blocks(readme, 'yaml').find((text) => text.includes('openslo/v1')) ?? '';
    for (const name of names) {
      const text = example.replace('  annotations:\n', `  annotations:\n    slograph.dev/${name}: "x"\n`);
      const unknown = problemsOf(text).filter((message) => message.includes('unknown annotation'));
      expect(unknown, name).toEqual([]);
    }
  });
});

describe('docs/promql.md', () => {
  it('asks only what the schema has', () => {
    const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
    const operations = blocks(readFileSync('docs/promql.md', 'utf8'), 'graphql');
    expect(operations).toHaveLength(1);
    for (const operation of operations) expect(validate(schema, parse(operation)), operation).toEqual([]);
  });
});

describe('the kustomize base', () => {
  it('ships a definition that is read without a complaint, and a configuration of known keys', () => {
    expect(problemsOf(readFileSync('deploy/kustomize/base/slos.yaml', 'utf8'))).toEqual([]);
    const known = new Set(configDefaults.map(({ path }) => path.split(/[.[]/)[0] ?? ''));
    const config = parseYaml(readFileSync('deploy/kustomize/base/slograph.yaml', 'utf8')) as object;
    for (const key of Object.keys(config)) expect(known).toContain(key);
  });
});

/** Messages of everything that is wrong with a definition. */
function problemsOf(text: string): string[] {
  const compiler = createSliCompiler({
    dataSourceOf: (cluster) => ({ name: cluster, clusters: [{ name: cluster, match: {} }] }),
  });
  const checkSli = (sli: SliDefinition, objectives: Parameters<typeof compiler.check>[1]) =>
    compiler.check(sli, objectives);
  const templateInfo = (name: string) => sliTemplates.find((template) => template.name === name) ?? null;
  const { problems } = parseDefinitions([{ file: 'example.yaml', text }], { clusters: ['c'], checkSli, templateInfo });
  return problems.filter(({ message }) => !message.includes('no Service')).map(({ message }) => message);
}

function blocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    (match) => match[1] as string,
  );
}

/** The rows below a table's heading and its line of dashes. */
function tableAfter(markdown: string, heading: string): string[] {
  const lines = markdown.split('\n');
  const start = lines.indexOf(heading);
  expect(start, heading).toBeGreaterThan(-1);
  const rows: string[] = [];
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break;
    rows.push(line);
  }
  return rows;
}
