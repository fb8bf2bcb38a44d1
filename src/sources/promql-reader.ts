import type { Scope } from '../domain/access.js';
import { InputError, LimitError } from '../domain/errors.js';
import type { PromqlReader, QueryAnswer, QuerySeries } from '../domain/ports.js';
import type { FreeAnswer } from './prometheus/answer.js';
import { PrometheusFailure } from './prometheus/failure.js';
import type { Planner } from './prometheus/planner.js';
import { escapeRegex } from './prometheus/promql.js';
import { enforceFree, parseFree } from './syntax/free-query.js';
import type { LabelTest } from './syntax/selector.js';

const MAX_SERIES = 10_000;
const MAX_SAMPLES = 500_000;
const MAX_BYTES = 16 * 2 ** 20;

/** Free PromQL with the matchers of its cluster and its scope on every selector. */
export function createPromqlReader(planner: Pick<Planner, 'dataSourceOf' | 'free'>): PromqlReader {
  return {
    async query(cluster, promql, atMs, context) {
      const parsed = parseFree(promql);
      if ('error' in parsed) throw inputError(parsed.error);
      const { query } = parsed;
      const source = planner.dataSourceOf(cluster);
      const match = source.clusters.find(({ name }) => name === cluster)?.match ?? {};
      const seen = namespacesOf(context.scope);
      if (seen?.length === 0 && query.selectors.length > 0) return nothing(query.type);
      const tests = [
        ...Object.entries(match).map(([label, value]): LabelTest => ({ label, sign: '=', value })),
        ...(seen === null ? [] : namespaceTests(seen)),
      ];
      const { text } = enforceFree(query, tests);
      try {
        // One more than is answered, so that a source that cuts there shows that there are more.
        const bounds = { series: MAX_SERIES + 1, bytes: MAX_BYTES };
        return answerOf(await planner.free(source.name, text, atMs, bounds, context));
      } catch (error) {
        throw isTooLarge(error)
          ? new LimitError(`the answer has more than ${MAX_BYTES / 2 ** 20} MiB; ${ADVICE}`)
          : error;
      }
    },
  };
}

const ADVICE = 'ask for less: aggregate, or select fewer series or a shorter range';

/** An empty text would let series without a namespace pass. */
function namespacesOf({ namespaces }: Scope): readonly string[] | null {
  return namespaces === null ? null : namespaces.filter((name) => name !== '');
}

/**
 * What a caller with namespaces may see: series that carry one of them as `namespace`. Where a scrape does not honour the
 * labels of an exporter, `namespace` is the exporter's own and `exported_namespace` that of what it tells of: then that
 * one must be theirs too.
 */
function namespaceTests(namespaces: readonly string[]): readonly LabelTest[] {
  const alternatives = namespaces.map(escapeRegex).join('|');
  const [only] = namespaces as readonly [string, ...string[]];
  return [
    namespaces.length === 1
      ? { label: 'namespace', sign: '=', value: only }
      : { label: 'namespace', sign: '=~', value: alternatives },
    { label: 'exported_namespace', sign: '=~', value: `|${alternatives}` },
  ];
}

function nothing(type: string): QueryAnswer {
  return {
    type: type === 'range' ? 'matrix' : 'vector',
    series: [],
    text: null,
    warnings: ['this caller may see no namespace, so that nothing was asked'],
  };
}

function answerOf({ type, series, text, warnings, infos }: FreeAnswer): QueryAnswer {
  if (series.length > MAX_SERIES) throw new LimitError(`the answer has more than ${MAX_SERIES} series; ${ADVICE}`);
  const samples = series.reduce((sum, row) => sum + ('values' in row ? row.values.length : 1), 0);
  if (samples > MAX_SAMPLES) throw new LimitError(`the answer has more than ${MAX_SAMPLES} samples; ${ADVICE}`);
  return { type, text, series: series.map(seriesOf), warnings: [...warnings, ...infos] };
}

function seriesOf(row: FreeAnswer['series'][number]): QuerySeries {
  return 'values' in row
    ? { labels: row.labels, value: null, timesMs: row.timesMs, values: row.values }
    : { labels: row.labels, value: row.value, timesMs: null, values: null };
}

/** Of all refusals only this one comes without an HTTP status: the rest of the answer was not read. */
function isTooLarge(error: unknown): boolean {
  return error instanceof PrometheusFailure && error.reason === 'REJECTED' && error.httpStatus === null;
}

function inputError({ line, column, message }: { line: number; column: number; message: string }): InputError {
  return new InputError(`query:${line}:${column}: ${message}`);
}
