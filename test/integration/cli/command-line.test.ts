import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../support/program.js';

const slo = (name: string, query: string) => `apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: crosswalk
  indicator:
    metadata: { name: ${name}-sli }
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Prometheus, spec: { query: '${query}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'sum(rate(requests_total[5m]))' } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ displayName: most, target: 0.99 }]
`;
const service =
  'apiVersion: openslo/v1\nkind: Service\nmetadata: { name: crosswalk }\nspec: { description: signals }\n';
const good = `${slo('availability', 'sum(rate(requests_total{code="200"}[5m]))')}---\n${service}`;
const config = `clusters: [{ name: edge, prometheus: { url: 'http://127.0.0.1:9' } }]\ndefinitions: [./slos]\n`;

describe('slograph', () => {
  it('shows help with examples first, its version, and what was meant', async () => {
    const help = await runProgram(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Examples:\n {2}slograph demo/);
    expect(help.stdout).toContain('Exit codes: 0 ok');
    expect((await runProgram(['serve', '--help'])).stdout).toMatch(/^Examples:/);
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await runProgram(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
    const meant = await runProgram(['srve']);
    expect(meant).toMatchObject({ code: 2, stdout: '' });
    expect(meant.stderr).toContain('Did you mean serve?');
    expect((await runProgram(['serve', '--prot', '1'])).code).toBe(2);
    expect((await runProgram(['serve', '--port', 'x'])).stderr).toContain('expected 0 to 65535');
    expect((await runProgram(['serve', '--log-level', 'loud'])).code).toBe(2);
  });

  it('prints the schema of the package, or writes it', async () => {
    const printed = await runProgram(['schema']);
    expect(printed.code).toBe(0);
    expect(printed.stdout).toContain('type Subscription');
    const { folder, code } = await runProgram(['schema', '--out', 'schema.graphql']);
    expect(code).toBe(0);
    expect(readFileSync(join(folder, 'schema.graphql'), 'utf8')).toBe(printed.stdout);
  });
});

describe('slograph check', () => {
  it('prints the effective configuration, which is itself a configuration', async () => {
    const { code, stdout, stderr, folder } = await runProgram(['check', '--config', 'slograph.yaml'], {
      'slograph.yaml': config,
      'slos/a.yaml': good,
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^warning: .*add slograph\.dev\/system-kind\nwarning: .*add slograph\.dev\/conditions\n1 SLO, 0 errors, 2 warnings\n$/,
    );
    expect(stdout).toContain('port: 4000');
    expect(stdout).toContain(join(folder, 'slos'));
    const again = await runProgram(['check', '--config', 'effective.yaml'], {
      'effective.yaml': stdout,
      'slos/a.yaml': good,
    });
    expect(again.stdout).toBe(stdout);
  });

  it('tells problems of definitions with their places, and ends with 3', async () => {
    const files = { 'good.yaml': good, 'bad.yaml': slo('broken', 'sum(rate(requests_total[5m])') };
    const { code, stdout, stderr } = await runProgram(['check', 'good.yaml', 'bad.yaml'], files);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^error: \S*bad\.yaml:11:\d+ /m);
    expect(stderr).toContain('1 SLO, 1 error, 2 warnings');
    const json = await runProgram(['check', '--json', 'good.yaml', 'bad.yaml'], files);
    expect(json.code).toBe(3);
    expect(JSON.parse(json.stdout)).toMatchObject({
      valid: false,
      slos: ['availability'],
      problems: [{ line: 11, severity: 'ERROR' }, { severity: 'WARNING' }, { severity: 'WARNING' }],
    });
  });

  it('refuses with --strict what it lets pass with a warning otherwise', async () => {
    const files = { 'a.yaml': good.replace('target: 0.99', 'target: "0.99"') };
    const lenient = await runProgram(['check', 'a.yaml'], files);
    expect(lenient.code).toBe(0);
    expect(lenient.stderr).toMatch(/^warning: \S*a\.yaml:15:45 .*"0\.99" in quotes is taken as the number 0\.99/m);
    const strict = await runProgram(['check', '--strict', '--json', 'a.yaml'], files);
    expect(strict.code).toBe(3);
    expect(JSON.parse(strict.stdout)).toMatchObject({
      valid: false,
      slos: [],
      problems: [{ line: 15, column: 45, path: 'spec.objectives[0].target', severity: 'ERROR' }],
    });
  });

  it('takes clusters that definitions name for granted when there is no configuration', async () => {
    const named = good.replace('type: Prometheus,', 'metricSourceRef: edge-seoul,');
    expect((await runProgram(['check', 'a.yaml'], { 'a.yaml': named })).code).toBe(0);
    const other = await runProgram(['check', 'a.yaml', '--config', 'slograph.yaml'], {
      'a.yaml': named,
      'slograph.yaml': config,
    });
    expect(other.code).toBe(3);
    expect(other.stderr).toContain('edge-seoul');
  });

  it('tells problems of the configuration with their places, and ends with 3', async () => {
    const files = { 'slograph.yaml': `${config}lisen: { port: 4000 }\n` };
    const text = await runProgram(['check', '--config', 'slograph.yaml'], files);
    expect({ code: text.code, stdout: text.stdout }).toEqual({ code: 3, stdout: '' });
    expect(text.stderr).toMatch(/^error: \S*slograph\.yaml:3:1 .*listen/m);
    const json = await runProgram(['check', '--json', '--config', 'slograph.yaml'], files);
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: false, problems: [{ line: 3 }] });
    expect((await runProgram(['check'])).code).toBe(3);
  });

  it('tells that nobody could call, or that everybody could, before the gateway is started', async () => {
    const files = {
      'tokens.yaml': `${config}tokensFile: ./tokens\n`,
      tokens: '- { name: ops, tokn: a-secret }\n',
      'open.yaml': `${config}listen: { host: 0.0.0.0 }\n`,
    };
    const tokens = await runProgram(['check', '--config', 'tokens.yaml'], files);
    expect(tokens.code).toBe(3);
    expect(tokens.stderr).toMatch(/^error: \S*tokens:1:16 \[0\]\.tokn: unknown key/m);
    expect(tokens.stderr + tokens.stdout).not.toContain('a-secret');
    const open = await runProgram(['check', '--config', 'open.yaml'], files);
    expect(open.code).toBe(3);
    expect(open.stderr).toContain('error: listen.host: 0.0.0.0 can be reached from other machines');
  });

  it('uses no colour where it was not asked for', async () => {
    expect((await runProgram(['check'])).stderr).not.toContain('\u001b');
  });
});

describe('slograph serve', () => {
  it.each([
    ['a configuration that is not there', ['--config', 'missing.yaml'], 3, 'missing.yaml'],
    ['a key that nobody knows', ['--config', 'unknown.yaml'], 3, 'unknown.yaml:3:1'],
    ['others than this machine and no tokens', ['--host', '0.0.0.0'], 3, '--insecure'],
    ['tokens that cannot be read', ['--config', 'tokens.yaml'], 3, 'no-tokens.yaml'],
    ['a store that is no store', ['--config', 'store.yaml'], 1, 'store.db'],
  ])('does not start with %s', async (_name, args, code, says) => {
    const result = await runProgram(['serve', '--port', '0', ...args], {
      'slograph.yaml': config,
      'unknown.yaml': `${config}lisen: {}\n`,
      'tokens.yaml': `${config}tokensFile: no-tokens.yaml\n`,
      'store.yaml': `${config}store: { path: ./store.db }\n`,
      'store.db': 'this is no database, though it is long enough to be read as the head of one, or so one would think',
    });
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(says);
    expect(result.stdout).toBe('');
  });
});
