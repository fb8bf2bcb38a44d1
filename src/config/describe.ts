import { stringify } from 'yaml';
import { z } from 'zod';
import { formatDuration } from '../domain/duration.js';
import type { Config } from './config.js';
import { fileSchema } from './schema.js';
import { pathText, type Setting, type SettingPath, settingTree } from './setting-tree.js';

/** A row of the table of settings. */
export interface ConfigDefault {
  /** `clusters[].prometheus.timeout` */
  readonly path: string;
  /** As it would be written; `required` where there is none, `none` for nothing. */
  readonly default: string;
  readonly meaning: string;
}

/** Every setting, in the order of the file. */
export const configDefaults: readonly ConfigDefault[] = rows(settingTree, []);

/** The effective configuration as a file that says the same: defaults filled in, paths absolute. */
export function describeConfig(config: Config): string {
  return stringify(redacted(fileOf(config)), { lineWidth: 120 });
}

/** JSON Schema of the file, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(fileSchema, { io: 'input' }), title: 'slograph.yaml' };
}

function rows(setting: Setting, path: SettingPath): readonly ConfigDefault[] {
  if (setting.kind === 'map') return [...setting.settings].flatMap(([key, inner]) => rows(inner, [...path, key]));
  if (setting.kind === 'list' && setting.item?.kind === 'map') {
    const last = path.at(-1);
    return rows(setting.item, [...path.slice(0, -1), `${last}[]`]);
  }
  return [{ path: pathText(path), default: written(setting.fallback), meaning: setting.meaning }];
}

function written(fallback: unknown): string {
  if (fallback === undefined) return 'required';
  const isEmpty = fallback === null || (typeof fallback === 'object' && Object.keys(fallback).length === 0);
  return isEmpty ? 'none' : String(fallback);
}

function fileOf(config: Config): object {
  return {
    listen: config.listen,
    allowedOrigins: config.allowedOrigins,
    tokensFile: config.tokensFile,
    insecure: config.insecure,
    clusters: config.clusters.map(({ name, prometheus, match, labels, selectors }) => ({
      name,
      prometheus: {
        url: prometheus.url,
        timeout: formatDuration(prometheus.timeoutMs),
        maxConcurrent: prometheus.maxConcurrent,
        headersFile: prometheus.headersFile,
        tenant: prometheus.tenant,
        bearerTokenFile: prometheus.bearerTokenFile,
        basicAuthFile: prometheus.basicAuthFile,
        tls: prometheus.tls,
      },
      match,
      labels,
      selectors,
    })),
    applications: config.applications,
    definitions: config.definitions,
    store: storeOf(config.store),
    alertmanagers: config.alertmanagers.map(({ url, timeoutMs }) => ({ url, timeout: formatDuration(timeoutMs) })),
    evaluation: {
      interval: formatDuration(config.evaluation.intervalMs),
      lag: formatDuration(config.evaluation.lagMs),
    },
    grid: formatDuration(config.gridMs),
    limits: config.limits,
    executor: config.executor,
    shutdownGrace: formatDuration(config.shutdownGraceMs),
    logLevel: config.logLevel,
  };
}

function storeOf({ path, postgres, passwordFile, retentionMs, maxEvents }: Config['store']) {
  return { path, postgres, passwordFile, retention: formatDuration(retentionMs), maxEvents };
}

/** No setting holds a secret, only names of files that do; a setting that is called like one is hidden nevertheless. */
function redacted(value: unknown, key = ''): unknown {
  if (typeof value === 'string' && /pass(word)?$|secret$|token$|authorization$|credential/i.test(key)) return '***';
  if (Array.isArray(value)) return value.map((item) => redacted(item, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([inner, part]) => [inner, redacted(part, inner)]));
}
