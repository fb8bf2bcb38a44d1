import { SourceError } from '../../domain/errors.js';
import { tlsProblem } from './tls-failure.js';
import { AnswerTooLarge } from './transport.js';

type Reason = SourceError['reason'];

/** What went wrong with one request, before it is told of whom. */
export interface Failure {
  readonly reason: Reason;
  readonly text: string;
  /** Asking once more at once may help and cannot hurt. */
  readonly retrySafe: boolean;
  /** Null where no HTTP answer came. */
  readonly httpStatus: number | null;
}

/** A failed request to Prometheus. */
export class PrometheusFailure extends SourceError {
  readonly retrySafe: boolean;
  readonly httpStatus: number | null;

  constructor(dataSource: string, failure: Failure, query: string, cause?: unknown) {
    super(failure.reason, dataSource, failure.text, query, cause);
    this.retrySafe = failure.retrySafe;
    this.httpStatus = failure.httpStatus;
  }
}

/** An answer that is no success: by its error type where it is Prometheus' own, else by its HTTP status. */
export function failureOfAnswer(httpStatus: number, contentType: string, body: unknown): Failure {
  const own = body as { status?: unknown; errorType?: unknown; error?: unknown } | null;
  if (typeof own === 'object' && own !== null && own.status === 'error') {
    const reason = REASONS.get(String(own.errorType)) ?? reasonOfStatus(httpStatus);
    const retrySafe = reason === 'UNAVAILABLE' && RETRIED_STATUSES.has(httpStatus);
    return { reason, text: shortText(own.error ?? own.errorType ?? 'an error without a text'), retrySafe, httpStatus };
  }
  if (httpStatus >= 200 && httpStatus < 300) return notPrometheus(httpStatus, contentType, body);
  const advice = ADVICE.get(Math.floor(httpStatus / 100) === 3 ? 300 : httpStatus);
  const said = contentType.startsWith('text/plain') && typeof body === 'string' ? shortText(body) : '';
  return {
    reason: reasonOfStatus(httpStatus),
    text: [`HTTP ${httpStatus}`, advice ?? said].filter((part) => part !== '').join(': '),
    retrySafe: RETRIED_STATUSES.has(httpStatus),
    httpStatus,
  };
}

/** No whole answer came. Addresses stay in the cause: the text is shown to clients. */
export function failureOfTransport(error: unknown, expired: string | null = null): Failure {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
  if (error instanceof AnswerTooLarge) {
    return { reason: 'REJECTED', text: 'the answer is too large; ask for less', retrySafe: false, httpStatus: null };
  }
  const secured = tlsProblem(code, message);
  if (secured !== null) {
    const text = expired === null ? secured : `${secured} (${expired})`;
    return { reason: 'UNAVAILABLE', text, retrySafe: false, httpStatus: null };
  }
  const known = TRANSPORT.get(code) ?? (/socket hang up|aborted/.test(message) ? BROKEN : undefined);
  return {
    reason: 'UNAVAILABLE',
    text: known?.text ?? `the request failed${code === '' ? '' : ` (${code})`}`,
    retrySafe: known?.retrySafe ?? false,
    httpStatus: null,
  };
}

/** The source is there for nobody, whatever is asked. */
export function unavailable(text: string): Failure {
  return { reason: 'UNAVAILABLE', text, retrySafe: false, httpStatus: null };
}

/** The answer would come too late. */
export function overdue(text: string): Failure {
  return { reason: 'TIMEOUT', text, retrySafe: false, httpStatus: null };
}

/** One line of at most 300 characters: Prometheus' error texts echo whole queries, megabytes of them. */
export function shortText(value: unknown): string {
  const line = String(value).slice(0, 2_000).replace(/\s+/g, ' ').trim();
  return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : line;
}

const MAX_TEXT = 300;

/** @see https://github.com/prometheus/prometheus/blob/main/web/api/v1/api.go (errorType) */
const REASONS: ReadonlyMap<string, Reason> = new Map([
  ['timeout', 'TIMEOUT'],
  ['canceled', 'UNAVAILABLE'],
  ['internal', 'UNAVAILABLE'],
  ['unavailable', 'UNAVAILABLE'],
  ['too_many_requests', 'UNAVAILABLE'],
  ['bad_data', 'REJECTED'],
  ['execution', 'REJECTED'],
  ['not_found', 'REJECTED'],
  ['not_acceptable', 'REJECTED'],
]);

const RETRIED_STATUSES: ReadonlySet<number> = new Set([502, 503]);

const ADVICE: ReadonlyMap<number, string> = new Map([
  [300, 'a redirect, which is not followed; set url to the final address'],
  [401, 'the credentials are missing or wrong; see bearerTokenFile, basicAuthFile and headersFile'],
  [403, 'the credentials do not allow this; see bearerTokenFile, basicAuthFile, tenant and headersFile'],
  [404, 'no Prometheus API there; is the path of url right?'],
  [405, 'no Prometheus API there; is the path of url right?'],
]);

const BROKEN = { text: 'the connection broke before the answer was whole', retrySafe: true };
const UNKNOWN_HOST = { text: 'its host name is not known', retrySafe: false };
const UNREACHABLE = { text: 'its host cannot be reached', retrySafe: false };

const TRANSPORT: ReadonlyMap<string, { readonly text: string; readonly retrySafe: boolean }> = new Map([
  ['ECONNREFUSED', { text: 'the connection was refused', retrySafe: true }],
  ['ECONNRESET', BROKEN],
  ['EPIPE', BROKEN],
  ['Z_BUF_ERROR', BROKEN],
  ['ENOTFOUND', UNKNOWN_HOST],
  ['EAI_AGAIN', { ...UNKNOWN_HOST, retrySafe: true }],
  ['EHOSTUNREACH', UNREACHABLE],
  ['ENETUNREACH', UNREACHABLE],
  ['ETIMEDOUT', UNREACHABLE],
]);

function reasonOfStatus(httpStatus: number): Reason {
  if (httpStatus === 408 || httpStatus === 504) return 'TIMEOUT';
  // 429 says "later", not "never".
  return httpStatus >= 300 && httpStatus < 500 && httpStatus !== 429 ? 'REJECTED' : 'UNAVAILABLE';
}

function notPrometheus(httpStatus: number, contentType: string, body: unknown): Failure {
  const type = /^[\w.+-]+\/[\w.+-]+/.exec(contentType)?.[0] ?? 'no content type';
  const text =
    typeof body === 'string' && type === 'application/json'
      ? 'the answer is not whole JSON'
      : `the answer is not from a Prometheus API (${type}); is url right, or is there a login page in front of it?`;
  return { reason: 'UNAVAILABLE', text, retrySafe: false, httpStatus };
}
