import type { SourceError } from '../../domain/errors.js';
import type { DataSourceStatus } from '../../domain/model.js';
import type { BuildInfo, PrometheusClient } from './client.js';
import { PrometheusFailure } from './failure.js';

/** What is known of a source. */
export interface SourceStatus {
  /** A question was answered (null) or failed. */
  heard(error: SourceError | null): void;
  /** Never rejects. */
  current(): Promise<DataSourceStatus>;
}

/** How long an answer speaks for the source. */
const FRESH_MS = 5_000;
/** How long it is believed to be of the same version: it may have been replaced between two questions. */
const SAME_BUILD_MS = 60_000;
const CHECK_TIMEOUT_MS = 3_000;

export function createSourceStatus(name: string, client: PrometheusClient, timeoutMs: number): SourceStatus {
  let known: DataSourceStatus | null = null;
  let builtAtMs = 0;
  let checking: Promise<DataSourceStatus> | null = null;

  async function check(): Promise<DataSourceStatus> {
    const startedMs = performance.now();
    const outcome = await askBuild(client, Math.min(timeoutMs, CHECK_TIMEOUT_MS));
    const failed = outcome instanceof PrometheusFailure;
    builtAtMs = Date.now();
    known = {
      name,
      kind: failed ? (known?.kind ?? null) : outcome.kind,
      version: failed ? (known?.version ?? null) : outcome.version,
      reachable: !failed,
      error: failed ? outcome.message : null,
      latencySeconds: failed ? null : Math.round(performance.now() - startedMs) / 1_000,
      checkedAtMs: Date.now(),
    };
    return known;
  }

  return {
    heard(error) {
      if (known === null) return;
      // A question that takes too long may only be a hard one.
      if (error?.reason === 'TIMEOUT') return;
      if (error?.reason === 'UNAVAILABLE') known = known.reachable ? null : known;
      else known = { ...known, reachable: true, error: null, checkedAtMs: Date.now() };
    },
    current() {
      const now = Date.now();
      const isFresh = now - (known?.checkedAtMs ?? 0) < FRESH_MS && now - builtAtMs < SAME_BUILD_MS;
      if (known !== null && isFresh) return Promise.resolve(known);
      checking ??= check().finally(() => {
        checking = null;
      });
      return checking;
    },
  };
}

/** Sources without build information are asked for the names of labels, which none lacks. */
async function askBuild(client: PrometheusClient, timeoutMs: number): Promise<BuildInfo | PrometheusFailure> {
  try {
    return await client.buildInfo({ timeoutMs }).catch(async (error: unknown) => {
      if (!(error instanceof PrometheusFailure && error.httpStatus === 404)) throw error;
      await client.labelNames({ timeoutMs });
      return { kind: null, version: null };
    });
  } catch (error) {
    if (error instanceof PrometheusFailure) return error;
    throw error;
  }
}
