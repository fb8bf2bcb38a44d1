import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Config } from '../../../src/config/config.js';
import { type LoadOptions, loadConfig } from '../../../src/config/load.js';
import { ConfigError, problemText } from '../../../src/domain/errors.js';

const STORE = { postgres: null, passwordFile: null, retentionMs: 90 * 86_400_000, maxEvents: 1_000_000 };
const MINIMAL = 'clusters: [{ name: edge, prometheus: { url: http://prometheus:9090 } }]\n';

const PLAIN = {
  headersFile: null,
  tenant: null,
  bearerTokenFile: null,
  basicAuthFile: null,
  tls: { caFile: null, certFile: null, keyFile: null, serverName: null, insecureSkipVerify: false },
};

function folderWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'slograph-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'slograph.yaml'), text);
  return folder;
}

function load(text: string, options: Partial<LoadOptions> = {}): Config {
  return loadConfig({ file: 'slograph.yaml', workingDirectory: folderWith(text), ...options });
}

/** The problems as they are printed, without the folder. */
function problemsOf(text: string, options: Partial<LoadOptions> = {}): string[] {
  const workingDirectory = folderWith(text);
  try {
    loadConfig({ file: 'slograph.yaml', workingDirectory, ...options });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems.map((problem) => problemText(problem).replace(`${workingDirectory}/`, ''));
  }
  return [];
}

describe('a configuration', () => {
  it('needs a cluster only: everything else has a default', () => {
    const folder = folderWith(MINIMAL);
    expect(loadConfig({ file: join(folder, 'slograph.yaml') })).toEqual({
      listen: { host: '127.0.0.1', port: 4000 },
      allowedOrigins: [],
      tokensFile: null,
      insecure: false,
      clusters: [
        {
          name: 'edge',
          prometheus: { url: 'http://prometheus:9090', timeoutMs: 10_000, maxConcurrent: 10, ...PLAIN },
          match: {},
          labels: { node: null, partOf: 'label_app_kubernetes_io_part_of' },
          selectors: { nodeExporter: {}, cadvisor: {}, kubeStateMetrics: {}, istio: {}, dcgm: {}, modelServers: {} },
        },
      ],
      applications: [],
      definitions: [],
      store: { ...STORE, path: join(folder, 'data/slograph.db') },
      alertmanagers: [],
      evaluation: { intervalMs: 15_000, lagMs: 2_000 },
      gridMs: 5_000,
      limits: {
        maxDepth: 15,
        maxTokens: 5_000,
        maxAliases: 50,
        maxCost: 1_000_000_000,
        maxBodyBytes: 131_072,
        maxSubscriptionsPerSocket: 50,
        maxConnections: 20_000,
        maxConnectionsPerCaller: 10_000,
      },
      executor: 'graphql-jit',
      shutdownGraceMs: 10_000,
      logLevel: 'info',
    } satisfies Config);
  });

  it('takes durations, lists, labels, and paths relative to the folder of the file', () => {
    const folder = folderWith(`
listen: { host: 0.0.0.0, port: 0 }
tokensFile: tokens
definitions: [./slos, /etc/slos]
store: { path: ../db }
grid: 1m
clusters:
  - name: edge
    prometheus: { url: https://mimir.example/prometheus/, timeout: 1m30s, headersFile: ./headers }
    match: { cluster: edge, region: "" }
alertmanagers: [{ url: http://am:9093 }]
`);
    const config = loadConfig({ file: join(folder, 'slograph.yaml') });
    expect(config).toMatchObject({
      listen: { host: '0.0.0.0', port: 0 },
      tokensFile: join(folder, 'tokens'),
      definitions: [join(folder, 'slos'), '/etc/slos'],
      store: { ...STORE, path: join(folder, '../db') },
      gridMs: 60_000,
      clusters: [
        {
          prometheus: {
            url: 'https://mimir.example/prometheus',
            timeoutMs: 90_000,
            ...PLAIN,
            headersFile: join(folder, 'headers'),
          },
          match: { cluster: 'edge', region: '' },
        },
      ],
      alertmanagers: [{ url: 'http://am:9093', timeoutMs: 10_000 }],
    });
  });

  it('may share a Prometheus between clusters that are told apart by labels', () => {
    const { clusters } = load(`
clusters:
  - { name: a, prometheus: { url: http://p:9090 }, match: { cluster: a } }
  - { name: b, prometheus: { url: http://p:9090 }, match: { cluster: b } }
  - { name: rest, prometheus: { url: http://p:9090 }, match: { cluster: "" } }
`);
    expect(clusters.map(({ match }) => match)).toEqual([{ cluster: 'a' }, { cluster: 'b' }, { cluster: '' }]);
  });
});

describe('a mistake in the file is told with its place', () => {
  it.each<{ name: string; text: string; problems: (string | RegExp)[] }>([
    {
      name: 'an unknown key',
      text: `listen:\n  prot: 4001\n${MINIMAL}`,
      problems: ['slograph.yaml:2:3 listen.prot: unknown key; did you mean "port"?'],
    },
    {
      name: 'an unknown key that is close to none',
      text: `store: { colour: red }\n${MINIMAL}`,
      problems: [
        'slograph.yaml:1:10 store.colour: unknown key; known here: path, postgres, passwordFile, retention, maxEvents',
      ],
    },
    {
      name: 'an unknown key inside a list',
      text: 'clusters:\n  - name: edge\n    prometheus:\n      url: http://p:9090\n      time_out: 5s\n',
      problems: ['slograph.yaml:5:7 clusters[0].prometheus.time_out: unknown key; did you mean "timeout"?'],
    },
    {
      name: 'two authorizations',
      text: 'clusters: [{ name: a, prometheus: { url: https://p, bearerTokenFile: t, basicAuthFile: b } }]\n',
      problems: [/clusters\[0\]\.prometheus\.basicAuthFile: a request carries one authorization/],
    },
    {
      name: 'a certificate without its key',
      text: 'clusters: [{ name: a, prometheus: { url: https://p, tls: { certFile: c } } }]\n',
      problems: [/clusters\[0\]\.prometheus\.tls: certFile and keyFile belong together/],
    },
    {
      name: 'TLS where there is none',
      text: 'clusters: [{ name: a, prometheus: { url: http://p, tls: { caFile: c } } }]\n',
      problems: [/clusters\[0\]\.prometheus\.tls: only a url of https is secured by TLS/],
    },
    {
      name: 'a tenant with a line break',
      text: 'clusters: [{ name: a, prometheus: { url: http://p, tenant: "a\\nb" } }]\n',
      problems: [/clusters\[0\]\.prometheus\.tenant: expected a tenant of at most 150/],
    },
    {
      name: 'a text for a number',
      text: `listen: { port: "4000" }\n${MINIMAL}`,
      problems: ['slograph.yaml:1:17 listen.port: expected a whole number, got "4000"'],
    },
    {
      name: 'a number for a duration',
      text: `grid: 5\n${MINIMAL}`,
      problems: ['slograph.yaml:1:7 grid: expected a duration like 15s, got 5; did you mean 5s?'],
    },
    {
      name: 'a duration that is none',
      text: `grid: 5 seconds\n${MINIMAL}`,
      problems: [/^slograph\.yaml:1:7 grid: "5 seconds" is not a duration; write it like 5m/],
    },
    {
      name: 'a duration out of bounds',
      text: `evaluation: { interval: 1ms }\n${MINIMAL}`,
      problems: ['slograph.yaml:1:25 evaluation.interval: expected a duration from 1s to 1h, got 1ms'],
    },
    {
      name: 'a port out of bounds',
      text: `listen: { port: 70000 }\n${MINIMAL}`,
      problems: ['slograph.yaml:1:17 listen.port: expected at most 65535, got 70000'],
    },
    {
      name: 'a map for a text',
      text: `tokensFile: { a: b }\n${MINIMAL}`,
      problems: ['slograph.yaml:1:13 tokensFile: expected a text, got a map'],
    },
    {
      name: 'a text for a list',
      text: `definitions: ./slos\n${MINIMAL}`,
      problems: ['slograph.yaml:1:14 definitions: expected a list, got a text; write [./slos]'],
    },
    {
      name: 'a text for a map',
      text: `listen: 4000\n${MINIMAL}`,
      problems: ['slograph.yaml:1:9 listen: expected a map of host, port, got 4000'],
    },
    {
      name: 'a label value that YAML reads as a number',
      text: 'clusters: [{ name: a, prometheus: { url: http://p }, match: { zone: 1 } }]',
      problems: ['slograph.yaml:1:69 clusters[0].match.zone: expected a text, got 1; put it in quotes: "1"'],
    },
    {
      name: 'a label that cannot be one',
      text: 'clusters: [{ name: a, prometheus: { url: http://p }, match: { my-zone: a } }]',
      problems: [/^slograph\.yaml:1:\d+ clusters\[0\]\.match\.my-zone: expected the name of a label/],
    },
    {
      name: 'a word that is none of the known',
      text: `logLevel: loud\n${MINIMAL}`,
      problems: [/^slograph\.yaml:1:11 logLevel: expected one of fatal, error, .*, got "loud"$/],
    },
    {
      name: 'no clusters',
      text: 'clusters: []\n',
      problems: ['slograph.yaml:1:11 clusters: expected at least 1, got none'],
    },
    { name: 'an empty file', text: '', problems: ['slograph.yaml:1:1 clusters: is missing; expected a list'] },
    {
      name: 'a list as the whole',
      text: '- a\n',
      problems: [/^slograph\.yaml:1:1 expected a map of listen, .*, got a list$/],
    },
    {
      name: 'a cluster without a Prometheus',
      text: 'clusters:\n  - name: edge\n',
      problems: [/^slograph\.yaml:2:5 clusters\[0\]\.prometheus: is missing; expected a map of url, timeout/],
    },
    {
      name: 'two clusters of one name',
      text: `clusters:
  - { name: edge, prometheus: { url: http://a } }
  - { name: edge, prometheus: { url: http://b } }
`,
      problems: [
        'slograph.yaml:3:13 clusters[1].name: the name "edge" is taken by clusters[0]; give each cluster a name of its own',
      ],
    },
    {
      name: 'two applications of one name',
      text: `${MINIMAL}applications: [{ name: shop, microservices: [{ namespace: a }] }, { name: shop }]`,
      problems: [
        'slograph.yaml:2:75 applications[1].name: the name "shop" is taken by applications[0]; give each application a name of its own',
      ],
    },
    {
      name: 'an application in a cluster that is not configured',
      text: `${MINIMAL}applications: [{ name: shop, clusters: [edgy], microservices: [{ name: cart }] }]`,
      problems: [
        'slograph.yaml:2:64 applications[0].microservices[0].namespace: is missing; expected a text',
        'slograph.yaml:2:41 applications[0].clusters[0]: there is no cluster "edgy"; did you mean "edge"?',
      ],
    },
    {
      name: 'two clusters of the same series',
      text: `clusters:
  - { name: a, prometheus: { url: http://p } }
  - { name: b, prometheus: { url: http://p/ } }
`,
      problems: [
        'slograph.yaml:3:5 clusters[1]: reads the same series as clusters[0]; tell them apart with match: { cluster: NAME }',
      ],
    },
    {
      name: 'a name with a slash',
      text: 'clusters: [{ name: a/b, prometheus: { url: http://p } }]',
      problems: [/clusters\[0\]\.name: expected a name of at most 63 letters, digits/],
    },
    {
      name: 'a URL without a scheme',
      text: 'clusters: [{ name: a, prometheus: { url: prometheus:9090 } }]',
      problems: [
        'slograph.yaml:1:42 clusters[0].prometheus.url: expected a URL; did you mean "http://prometheus:9090"?',
      ],
    },
    {
      name: 'a URL of another scheme',
      text: 'clusters: [{ name: a, prometheus: { url: "file:///etc/passwd" } }]',
      problems: [/url: expected a URL of http or https, got file:$/],
    },
    {
      name: 'a URL with a query',
      text: 'clusters: [{ name: a, prometheus: { url: "http://p/?a=b" } }]',
      problems: [/url: expected a URL without "\?" and "#"/],
    },
    {
      name: 'an origin with a path',
      text: `allowedOrigins: ["https://ops.example/"]\n${MINIMAL}`,
      problems: [/allowedOrigins\[0\]: expected an exact origin, got .*; did you mean "https:\/\/ops\.example"\?$/],
    },
    {
      name: 'an origin that is a pattern',
      text: `allowedOrigins: ["*"]\n${MINIMAL}`,
      problems: [/allowedOrigins\[0\]: expected an exact origin/],
    },
    {
      name: 'a key that stands twice',
      text: 'grid: 5s\ngrid: 6s\n',
      problems: [/^slograph\.yaml:2:1 not valid YAML: Map keys must be unique/],
    },
    {
      name: 'what is not YAML',
      text: 'listen: { port: 4000\nclusters: []\n',
      problems: [/^slograph\.yaml:\d+:\d+ not valid YAML: /],
    },
    { name: 'an alias to nothing', text: 'listen: *base\n', problems: [/not valid YAML: .*base/] },
  ])('$name', ({ text, problems }) => {
    const found = problemsOf(text);
    for (const [index, problem] of problems.entries()) {
      if (typeof problem === 'string') expect(found[index]).toBe(problem);
      else expect(found[index]).toMatch(problem);
    }
    if (!found[0]?.includes('not valid YAML')) expect(found).toHaveLength(problems.length);
  });

  it('together with all other mistakes', () => {
    const found = problemsOf(
      'listen: { port: x, hots: y }\ngrid: 5\nclusters:\n  - { name: a, prometheus: { url: p } }\n  - { name: a }\n',
      { env: { SLOGRAPH__LISTEN__PROT: '1' } },
    );
    expect(found.map((problem) => problem.split(':').slice(0, 2).join(':'))).toHaveLength(7);
    for (const path of [
      'SLOGRAPH__LISTEN__PROT',
      'port',
      'hots',
      'grid',
      'url',
      'clusters[1].name',
      'clusters[1].prometheus',
    ]) {
      expect(found.filter((problem) => problem.includes(path))).not.toEqual([]);
    }
  });

  it('but never with a password', () => {
    const [problem] = problemsOf('clusters: [{ name: a, prometheus: { url: "http://me:canary@p:9090" } }]');
    expect(problem).toContain('credentials do not belong in a URL');
    expect(problem).toContain('basicAuthFile');
    expect(problem).not.toContain('canary');
  });

  it('bombs of aliases are refused', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level <= 8; level += 1)
      lines.push(`a${level}: &a${level} [${Array(10).fill(`*a${level - 1}`)}]`);
    expect(problemsOf(lines.join('\n'))[0]).toMatch(/not valid YAML: .*alias/i);
  });
});

describe('a file that is not there', () => {
  it('is told by its path, with what to do', () => {
    expect(() => loadConfig({ file: '/nowhere/slograph.yaml' })).toThrow(
      '/nowhere/slograph.yaml there is no such file; write one, or name another with --config FILE',
    );
  });
});

describe('the environment', () => {
  it('overrides the file, also inside lists', () => {
    const config = load(MINIMAL, {
      env: {
        SLOGRAPH__LISTEN__PORT: '4001',
        SLOGRAPH__INSECURE: 'true',
        SLOGRAPH__LIMITS__MAX_DEPTH: '9',
        SLOGRAPH__LIMITS__MAXALIASES: '8',
        SLOGRAPH__CLUSTERS__0__PROMETHEUS__TIMEOUT: '3s',
        SLOGRAPH__CLUSTERS__0__MATCH__k8s_Cluster: '1',
        SLOGRAPH__CLUSTERS__1__NAME: 'core',
        SLOGRAPH__CLUSTERS__1__PROMETHEUS__URL: 'http://core:9090',
        SLOGRAPH__DEFINITIONS: '[./a, /b]',
        SLOGRAPH__STORE__PATH: '',
        OTHER: 'x',
      },
      workingDirectory: folderWith(MINIMAL),
    });
    expect(config).toMatchObject({
      listen: { host: '127.0.0.1', port: 4001 },
      insecure: true,
      limits: { maxDepth: 9, maxAliases: 8 },
      clusters: [
        { name: 'edge', prometheus: { url: 'http://prometheus:9090', timeoutMs: 3_000 }, match: { k8s_Cluster: '1' } },
        { name: 'core', prometheus: { url: 'http://core:9090' } },
      ],
    });
    expect(config.definitions[1]).toBe('/b');
  });

  it('is enough without a file', () => {
    const env = { SLOGRAPH__CLUSTERS__0__NAME: 'edge', SLOGRAPH__CLUSTERS__0__PROMETHEUS__URL: 'http://p' };
    expect(loadConfig({ file: null, env, workingDirectory: '/work' })).toMatchObject({
      clusters: [{ name: 'edge' }],
      store: { ...STORE, path: '/work/data/slograph.db' },
    });
  });

  it.each([
    { name: 'SLOGRAPH__LISTEN__PROT', says: 'no such setting; did you mean SLOGRAPH__LISTEN__PORT?' },
    { name: 'SLOGRAPH__LIMITS__MAX_DEPHT', says: 'no such setting; did you mean SLOGRAPH__LIMITS__MAX_DEPTH?' },
    { name: 'SLOGRAPH__LISTEN__PORT__X', says: 'no such setting; its name is too long' },
    {
      name: 'SLOGRAPH__CLUSTERS__FIRST__NAME',
      says: 'no such setting; this is a list, name its item by a number: SLOGRAPH__CLUSTERS__0',
    },
    {
      name: 'SLOGRAPH__STORE__WHERE',
      says: 'no such setting; known here: PATH, POSTGRES, PASSWORD_FILE, RETENTION, MAX_EVENTS',
    },
  ])('with a variable $name is a problem', ({ name, says }) => {
    expect(problemsOf(MINIMAL, { env: { [name]: '1' } })).toEqual([`${name}: ${says}`]);
  });

  it('is named where its value is wrong', () => {
    expect(problemsOf(MINIMAL, { env: { SLOGRAPH__LISTEN__PORT: 'http' } })).toEqual([
      'listen.port: expected a whole number, got "http" (from environment SLOGRAPH__LISTEN__PORT)',
    ]);
  });
});

describe('flags', () => {
  it('override the environment and the file, paths relative to where one is', () => {
    const folder = folderWith(MINIMAL);
    const config = loadConfig({
      file: join(folder, 'slograph.yaml'),
      env: { SLOGRAPH__LISTEN__PORT: '4001', SLOGRAPH__LISTEN__HOST: '::1' },
      overrides: { listen: { port: 4002, host: undefined }, store: { path: 'here.db' } },
      workingDirectory: '/somewhere',
    });
    expect(config.listen).toEqual({ host: '::1', port: 4002 });
    expect(config.store.path).toBe('/somewhere/here.db');
  });

  it('are named where their value is wrong', () => {
    expect(problemsOf(MINIMAL, { overrides: { listen: { port: -1 } } })).toEqual([
      'listen.port: expected at least 0, got -1 (from flag for listen.port)',
    ]);
  });
});
