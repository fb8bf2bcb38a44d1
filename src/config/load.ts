import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError, type Problem } from '../domain/errors.js';
import { applicationProblems } from './applications.js';
import type { Config, PrometheusConfig } from './config.js';
import { readDocument } from './document.js';
import { type Override, readEnvironment } from './environment.js';
import { issueProblems } from './issues.js';
import { Origins } from './origins.js';
import { type FileConfig, fileSchema } from './schema.js';
import { pathText, type SettingPath, settingAt } from './setting-tree.js';
import { twinProblems } from './twins.js';

export interface LoadOptions {
  /** The YAML file; null where the environment and flags say everything. */
  readonly file: string | null;
  /** `SLOGRAPH__...` override the file. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Flags override both; nested like the file, `undefined` is not given. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** What relative paths of flags and variables are relative to; those of the file are relative to its folder. */
  readonly workingDirectory?: string;
}

/**
 * Reads the configuration: file, then environment, then flags.
 * @throws ConfigError with every problem found
 */
export function loadConfig(options: LoadOptions): Config {
  const { workingDirectory = process.cwd() } = options;
  const file = options.file === null ? null : resolve(workingDirectory, options.file);
  const document = file === null ? null : readDocument(file, readText(file));
  if (document !== null && document.problems.length > 0) {
    throw new ConfigError(document.problems.map((problem) => ({ ...problem, path: '', severity: 'ERROR' })));
  }
  const environment = readEnvironment(options.env ?? {});
  const overrides = [...environment.overrides, ...flagOverrides(options.overrides ?? {}, [])];
  const origins = new Origins(document, overrides);
  const raw = merged(document?.value ?? {}, overrides);

  const parsed = fileSchema.safeParse(raw, { reportInput: true });
  const problems: Problem[] = [
    ...environment.problems.map((problem) => ({ ...problem, severity: 'ERROR' as const })),
    ...(parsed.success ? [] : issueProblems(parsed.error.issues, raw, origins)),
    ...twinProblems(raw, origins),
    ...applicationProblems(raw, origins),
  ];
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  const folder = file === null ? workingDirectory : dirname(file);
  return configOf(parsed.data, (path, text) => resolve(origins.isOverridden(path) ? workingDirectory : folder, text));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`;
    const message = `${reason}; write one, or name another with --config FILE`;
    throw new ConfigError([{ file, path: '', message, severity: 'ERROR' }]);
  }
}

/** Lists of flags stand as a whole, maps setting by setting. */
function flagOverrides(value: unknown, path: SettingPath): Override[] {
  if (value === undefined) return [];
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap || settingAt(path)?.kind === 'labels') return [{ path, value, origin: `flag for ${pathText(path)}` }];
  return Object.entries(value).flatMap(([key, inner]) => flagOverrides(inner, [...path, key]));
}

function merged(value: unknown, overrides: readonly Override[]): unknown {
  return overrides.reduce((whole, override) => withValue(whole, override.path, override.value), value);
}

function withValue(whole: unknown, path: SettingPath, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof key === 'number') {
    const list = Array.isArray(whole) ? [...whole] : [];
    list[key] = withValue(list[key], rest, value);
    return Array.from(list);
  }
  const map = typeof whole === 'object' && whole !== null && !Array.isArray(whole) ? whole : {};
  return { ...map, [key]: withValue((map as Record<string, unknown>)[key], rest, value) };
}

function configOf(file: FileConfig, absolute: (path: SettingPath, text: string) => string): Config {
  const optional = (path: SettingPath, text: string | null) => (text === null ? null : absolute(path, text));
  return {
    listen: file.listen,
    allowedOrigins: file.allowedOrigins,
    tokensFile: optional(['tokensFile'], file.tokensFile),
    insecure: file.insecure,
    clusters: file.clusters.map(({ name, prometheus, match, labels, selectors }, index) => ({
      name,
      prometheus: prometheusOf(prometheus, (path, text) => optional(['clusters', index, 'prometheus', ...path], text)),
      match,
      labels,
      selectors,
    })),
    applications: file.applications,
    definitions: file.definitions.map((text, index) => absolute(['definitions', index], text)),
    store: {
      path: absolute(['store', 'path'], file.store.path),
      postgres: file.store.postgres,
      passwordFile: optional(['store', 'passwordFile'], file.store.passwordFile),
      retentionMs: file.store.retention,
      maxEvents: file.store.maxEvents,
    },
    alertmanagers: file.alertmanagers.map(({ url, timeout }) => ({ url, timeoutMs: timeout })),
    evaluation: { intervalMs: file.evaluation.interval, lagMs: file.evaluation.lag },
    gridMs: file.grid,
    limits: file.limits,
    executor: file.executor,
    shutdownGraceMs: file.shutdownGrace,
    logLevel: file.logLevel,
  };
}

function prometheusOf(
  { timeout, tls, ...given }: FileConfig['clusters'][number]['prometheus'],
  optional: (path: SettingPath, text: string | null) => string | null,
): PrometheusConfig {
  return {
    url: given.url,
    timeoutMs: timeout,
    maxConcurrent: given.maxConcurrent,
    headersFile: optional(['headersFile'], given.headersFile),
    tenant: given.tenant,
    bearerTokenFile: optional(['bearerTokenFile'], given.bearerTokenFile),
    basicAuthFile: optional(['basicAuthFile'], given.basicAuthFile),
    tls: {
      caFile: optional(['tls', 'caFile'], tls.caFile),
      certFile: optional(['tls', 'certFile'], tls.certFile),
      keyFile: optional(['tls', 'keyFile'], tls.keyFile),
      serverName: tls.serverName,
      insecureSkipVerify: tls.insecureSkipVerify,
    },
  };
}
