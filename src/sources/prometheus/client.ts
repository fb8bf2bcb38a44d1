import { LRUCache } from 'lru-cache';
import { type PrometheusConnectionOptions, PrometheusDriver } from 'prometheus-query';
import { formatDuration } from '../../domain/duration.js';
import type { TimeRange } from '../../domain/ports.js';
import { AccessFileError, hasFiles, type SourceAccess } from './access.js';
import { type FreeAnswer, InstantAnswer, type RangeAnswer, rowsOf, type Vector } from './answer.js';
import {
  type Failure,
  failureOfAnswer,
  failureOfTransport,
  overdue,
  PrometheusFailure,
  shortText,
  unavailable,
} from './failure.js';
import type { Headers } from './headers-file.js';
import { createLabelDictionary, withoutPrototype } from './label-dictionary.js';
import { createLayouts } from './layouts.js';
import { parseBody, type ReadBody, readBody, sampleValue } from './read-answer.js';
import { requestHeaders } from './request-headers.js';
import { type TlsSettings, tlsReader } from './tls-files.js';
import { createTransport, headerOf, type Reply, TooLate } from './transport.js';

export interface PrometheusClientOptions {
  /** Name of the data source, for errors. */
  readonly name: string;
  /** Base URL, path prefix included. */
  readonly url: string;
  readonly access?: SourceAccess;
  /** Connections at once; a Prometheus at its `--web.max-connections` lets further ones hang. Default 12. */
  readonly maxSockets?: number;
  /** Bound on one answer, after decompression. Default 64 MiB. */
  readonly maxAnswerBytes?: number;
}

export interface CallOptions {
  /** Until the answer is whole; also sent, so that the source stops too. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly bounds?: AnswerBounds;
}

/** Bounds on one answer. */
export interface AnswerBounds {
  /** Sources that know `limit` cut the answer there; others send all there is. */
  readonly series: number;
  /** After decompression. */
  readonly bytes: number;
}

/** What a source says of itself; null where it does not. */
export interface BuildInfo {
  readonly kind: string | null;
  readonly version: string | null;
}

/** One Prometheus over HTTP. Everything rejects with a `PrometheusFailure`, or with the signal's reason when aborted. */
export interface PrometheusClient {
  instant(promql: string, atMs: number, call: CallOptions): Promise<InstantAnswer>;
  range(promql: string, range: TimeRange, call: CallOptions): Promise<RangeAnswer>;
  /** PromQL that may give anything, a range or a string too. */
  free(promql: string, atMs: number, call: CallOptions): Promise<FreeAnswer>;
  /** Names of metrics in a span of time, of the series that `match` selects; null for all. */
  metricNames(match: string | null, fromMs: number, toMs: number, call: CallOptions): Promise<MetricNames>;
  /** Sends no PromQL. */
  buildInfo(call: CallOptions): Promise<BuildInfo>;
  /** The source's time in whole seconds, cut off, in milliseconds; null where it does not say. Sends no PromQL. */
  clock(call: CallOptions): Promise<number | null>;
  /** Of the last minute; sends no PromQL. */
  labelNames(call: CallOptions): Promise<readonly string[]>;
  close(): void;
}

export interface MetricNames {
  readonly names: readonly string[];
  readonly warnings: readonly string[];
}

/** What the package asks its HTTP client for. */
type Request = Parameters<NonNullable<PrometheusConnectionOptions['requestInterceptor']>['onFulfilled']>[0];

/**
 * prometheus-query with its faults cured. It turns infinities into NaN, looks for warnings where none are, fails on native
 * histograms, rejects with plain objects that lose the HTTP status, reads time 0 as now, knows no abort and no bound on
 * the answer, makes several objects of each sample, follows redirects and the proxy variables of the environment, and
 * leaves connections unused. A transport of our own below it, and reading what came before the package does, set all
 * that right.
 */
export function createPrometheusClient(options: PrometheusClientOptions): PrometheusClient {
  const { name, url, access = PLAIN, maxSockets = 12, maxAnswerBytes = 64 * 2 ** 20 } = options;
  const secure = url.startsWith('https:');
  const transport = createTransport(url, maxSockets);
  const dictionary = createLabelDictionary();
  const layouts = createLayouts();
  const way = wayTo(access, secure);

  /** @throws Unsuccessful, also where the asker went away; TypeError */
  async function send({ method, path, query, promql, form }: Question, call: CallOptions) {
    const { bounds, signal, timeoutMs } = call;
    const startedMs = performance.now();
    const { headers, tls } = await way();
    const body = form === null || promql === '' ? form : `${form}${ALWAYS}${limitedBy(bounds)}`;
    const sent = {
      method,
      path: `api/v1/${path}${query === '' ? '' : `?${query}`}`,
      headers,
      body,
      tls: tls.options,
      signal,
      timeoutMs: Math.max(1, timeoutMs - (performance.now() - startedMs)),
      maxBytes: Math.min(maxAnswerBytes, bounds?.bytes ?? maxAnswerBytes),
    };
    let reply: Reply;
    try {
      reply = await transport.send(sent);
    } catch (error) {
      if (error instanceof TooLate) throw new Unsuccessful(overdue(`no answer within ${inWords(timeoutMs)}`), error);
      throw new Unsuccessful(failureOfTransport(error, tls.expired(Date.now())), error);
    }
    const isInstant = path === 'query' && promql !== '';
    const parsed = parseBody(reply.bytes, dictionary, isInstant ? layouts.of(promql) : undefined);
    if (isInstant && parsed.rows !== null) layouts.keep(promql, parsed.rows.layout);
    if (!isSuccess(reply.status, parsed.body)) throw new Unsuccessful(failureOf(reply, parsed.body));
    return { body: parsed.body, read: readBody(parsed), headers: reply.headers };
  }

  /** Tells what went wrong as a failure of the source. @throws the signal's reason, when the asker went away */
  function failed(thrown: unknown, promql: string, call: CallOptions): PrometheusFailure {
    call.signal?.throwIfAborted();
    return failureFrom(thrown, name, promql);
  }

  /** Asks for rows, which are read from the answer: what the package does before and after costs as much again. */
  async function rows(path: string, promql: string, times: string, call: CallOptions) {
    const form = `${encoded(promql)}&timeout=${sentTimeout(call)}&${times}`;
    try {
      const { body, read } = await send({ method: 'POST', path, query: '', promql, form }, call);
      return { result: resultOf(body), read };
    } catch (thrown) {
      throw failed(thrown, promql, call);
    }
  }

  /** Asks by way of the package. */
  async function exchange<T>(promql: string, call: CallOptions, ask: (driver: PrometheusDriver) => Promise<T>) {
    let answer: Awaited<ReturnType<typeof send>> | undefined;
    const driver = new PrometheusDriver({
      endpoint: url,
      preferPost: true,
      requestInterceptor: {
        onFulfilled: (request) =>
          Object.assign(request, {
            transformRequest: [],
            transformResponse: [],
            // The package's timeout counts silence only: an answer that trickles would never end.
            timeout: 0,
            adapter: async (config: Request) => {
              answer = await send(questionOf(config), call);
              return { data: answer.body, status: 200, statusText: '', headers: {}, config };
            },
          }),
      },
    });
    try {
      const value = await ask(driver);
      if (answer === undefined) throw new TypeError('no answer was read');
      return { value, read: answer.read, headers: answer.headers };
    } catch (thrown) {
      throw failed(thrown, promql, call);
    }
  }

  return {
    async instant(promql, atMs, call) {
      const { result, read } = await rows('query', promql, `time=${atMs / 1_000}`, call);
      return new InstantAnswer(vectorOf(result, read, name, promql), read.notes);
    },
    async range(promql, { fromMs, toMs, stepMs }, call) {
      const times = `start=${fromMs / 1_000}&end=${toMs / 1_000}&step=${stepMs / 1_000}`;
      const { result, read } = await rows('query_range', promql, times, call);
      if (result.resultType !== 'matrix') throw failureFrom(new TypeError('no matrix'), name, promql);
      return { series: read.matrix, ...read.notes };
    },
    async free(promql, atMs, call) {
      const { value, read } = await exchange(promql, call, (driver) =>
        // A Date, since the package takes the number 0 for "now".
        driver.instantQuery(promql, new Date(atMs), sentTimeout(call)),
      );
      return { ...freeResult(value, read, name, promql), ...read.notes };
    },
    async metricNames(match, fromMs, toMs, call) {
      const { value, read } = await exchange(match ?? '', call, (driver) =>
        driver.labelValues('__name__', match ?? undefined, new Date(fromMs), new Date(toMs)),
      );
      return { names: Array.isArray(value) ? value.map(String) : [], warnings: read.notes.warnings };
    },
    async buildInfo(call) {
      const { value, headers } = await exchange('', call, (driver) => driver.statusBuildinfo());
      return buildInfoOf(value, headers);
    },
    async labelNames(call) {
      const now = Date.now();
      const { value } = await exchange('', call, (driver) =>
        driver.labelNames(undefined, new Date(now - 60_000), new Date(now)),
      );
      return value;
    },
    async clock(call) {
      const now = Date.now();
      const { headers } = await exchange('', call, (driver) =>
        driver.labelNames(undefined, new Date(now - 60_000), new Date(now)),
      );
      const timeMs = Date.parse(headerOf(headers, 'date') ?? '');
      return Number.isNaN(timeMs) ? null : timeMs;
    },
    close: () => transport.close(),
  };
}

/** Carries a failure through the package, which keeps what was thrown as `original` of its plain object. */
class Unsuccessful extends Error {
  constructor(
    readonly failure: Failure,
    cause?: unknown,
  ) {
    super(failure.text, { cause });
  }
}

/** One request to the API. */
interface Question {
  readonly method: 'GET' | 'POST';
  /** Below `api/v1/`. */
  readonly path: string;
  readonly query: string;
  /** Empty where none is asked. */
  readonly promql: string;
  /** Null where there is no body. */
  readonly form: string | null;
}

/** VictoriaMetrics would move the times of a range, and instants of the last half minute, to where it has answers. */
const ALWAYS = '&stats=all&nocache=1';

function limitedBy(bounds: AnswerBounds | undefined): string {
  return bounds === undefined ? '' : `&limit=${bounds.series}`;
}

/** Most PromQL is asked again and again. */
const encodings = new LRUCache<string, string>({
  maxSize: 2 ** 22,
  sizeCalculation: (form, promql) => form.length + promql.length,
});

/** `query=...`, as a form writes it. */
function encoded(promql: string): string {
  const known = encodings.get(promql);
  if (known !== undefined) return known;
  const form = String(new URLSearchParams({ query: promql }));
  encodings.set(promql, form);
  return form;
}

/** What PromQL gave. */
interface Result {
  readonly resultType: string;
  readonly result: readonly unknown[];
}

/** What a request needs that files may change between two. */
interface Way {
  readonly headers: Headers;
  readonly tls: TlsSettings;
}

const PLAIN: SourceAccess = { headersFile: null };

/** @returns a reader that throws Unsuccessful */
function wayTo(access: SourceAccess, secure: boolean): () => Promise<Way> {
  // Compression costs a quarter of the time inside a cluster and saves much between zones, where TLS is usual.
  const defaults = { 'User-Agent': 'slograph', 'Accept-Encoding': secure ? 'gzip' : 'identity' };
  const readHeaders = requestHeaders(access);
  const readTls = tlsReader(access.tls);
  const read = async (): Promise<Way> => {
    try {
      return { headers: { ...defaults, ...(await readHeaders()) }, tls: await readTls() };
    } catch (error) {
      throw error instanceof AccessFileError ? new Unsuccessful(unavailable(error.message), error.cause) : error;
    }
  };
  if (hasFiles(access)) return read;
  let always: Promise<Way> | null = null;
  return () => {
    always ??= read();
    return always;
  };
}

/** What the package asks its HTTP client for, as a question. */
function questionOf({ method = 'get', url: path = '', params, data }: Request): Question {
  const isPost = method.toUpperCase() === 'POST';
  const form = isPost && data instanceof URLSearchParams ? data : null;
  return {
    method: isPost ? 'POST' : 'GET',
    path,
    query: String(params ?? ''),
    promql: form?.get('query') ?? '',
    form: form === null ? null : String(form),
  };
}

/** What is left of two seconds after a moment is told as two seconds. */
function inWords(timeoutMs: number): string {
  const unitMs = timeoutMs < 1_000 ? 1 : 100;
  return formatDuration(Math.ceil(timeoutMs / unitMs) * unitMs);
}

function isSuccess(status: number, body: unknown): boolean {
  if (status < 200 || status >= 300) return false;
  return typeof body === 'object' && body !== null && (body as { status?: unknown }).status === 'success';
}

function failureOf({ status, headers }: Reply, body: unknown): Failure {
  return failureOfAnswer(status, headerOf(headers, 'content-type') ?? '', body);
}

function sentTimeout({ timeoutMs }: CallOptions): string {
  return `${Math.max(1, Math.ceil(timeoutMs))}ms`;
}

function failureFrom(thrown: unknown, dataSource: string, promql: string): PrometheusFailure {
  const original = (thrown as { original?: unknown } | null)?.original ?? thrown;
  const known = original instanceof Unsuccessful ? original : null;
  const failure = known?.failure ?? unavailable('the answer is not what the Prometheus API describes');
  return new PrometheusFailure(dataSource, failure, promql, plainCause(known?.cause ?? original));
}

/** The package's errors carry the request with its credentials, and would end in a log with them. */
function plainCause(error: unknown): Error {
  const { cause } = error as { cause?: unknown };
  const inner = cause instanceof Error ? cause : error;
  const { message = String(inner), code } = inner as { message?: string; code?: unknown };
  return Object.assign(new Error(shortText(message)), typeof code === 'string' ? { code } : {});
}

/** @throws TypeError for a body that the API does not describe */
function resultOf(body: unknown): Result {
  const { resultType, result } = ((body as { data?: unknown }).data ?? {}) as Partial<Result>;
  if (!RESULT_TYPES.has(resultType ?? '') || !Array.isArray(result)) throw new TypeError('no result');
  return { resultType: resultType as string, result };
}

const RESULT_TYPES: ReadonlySet<string> = new Set(['vector', 'matrix', 'scalar', 'string']);

function vectorOf(answer: Result, read: ReadBody, dataSource: string, promql: string): Vector {
  const type = answer.resultType;
  if (type === 'vector') return read.vector;
  if (type === 'scalar') {
    return { labels: [withoutPrototype({})], values: Float64Array.of(sampleValue(answer.result[1])) };
  }
  const text =
    type === 'matrix' ? 'it selects a range of samples where one value is wanted' : `its answer is a ${type}`;
  throw new PrometheusFailure(dataSource, { ...unavailable(text), reason: 'REJECTED', httpStatus: 200 }, promql);
}

function freeResult(
  answer: Result,
  read: ReadBody,
  dataSource: string,
  promql: string,
): Pick<FreeAnswer, 'type' | 'series' | 'text'> {
  const type = answer.resultType;
  if (type === 'matrix') return { type, series: read.matrix, text: null };
  if (type === 'string') return { type, series: [], text: String(answer.result[1]) };
  const series = rowsOf(vectorOf(answer, read, dataSource, promql));
  return { type: type === 'scalar' ? type : 'vector', series, text: null };
}

function buildInfoOf(value: unknown, headers: Reply['headers']): BuildInfo {
  const { version, application } = (value ?? {}) as { version?: unknown; application?: unknown };
  const known = typeof version === 'string' && version !== '' ? version : null;
  // VictoriaMetrics imitates the answer of a Prometheus, with or without a version that is not its own.
  if (headerOf(headers, 'x-server-hostname') !== null) return { kind: 'victoria-metrics', version: null };
  if (typeof application === 'string') {
    const kind = /(\w+)$/.exec(application)?.[1]?.toLowerCase() ?? null;
    return { kind, version: known };
  }
  if (known === null) return { kind: Object.keys(value ?? {}).length === 0 ? 'victoria-metrics' : null, version: null };
  return { kind: known.startsWith('0.') ? 'thanos' : 'prometheus', version: known };
}
