import { setTimeout as pause } from 'node:timers/promises';
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen, isBrokenCircuitError } from 'cockatiel';
import { formatDuration } from '../../domain/duration.js';
import { SourceError } from '../../domain/errors.js';
import { BulkheadFull, createBulkhead } from './bulkhead.js';
import type { CallOptions } from './client.js';
import { startDeadline } from './deadline.js';
import { type Failure, overdue, PrometheusFailure, unavailable } from './failure.js';

export interface SourceGuardOptions {
  /** Name of the data source. */
  readonly name: string;
  /** From the question to its answer: waiting for a turn and asking again included. */
  readonly timeoutMs: number;
  readonly maxConcurrent: number;
  /** Questions that may wait for their turn. Default 1,000. */
  readonly maxWaiting?: number;
  /** Failures in a row after which the source is left alone. Default 5. */
  readonly breakAfter?: number;
  /** For how long; the next question then tries whether it is back. Default 1 s. */
  readonly breakMs?: number;
}

/** Keeps a source from being asked by too many at once, for too long, or while it is down. */
export interface SourceGuard {
  /**
   * @param request sends once, with the time that is left; called again where asking again is safe
   * @throws SourceError, or the signal's reason when it is aborted
   */
  run<T>(promql: string, request: (call: CallOptions) => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function createSourceGuard(options: SourceGuardOptions): SourceGuard {
  const { name, timeoutMs, maxConcurrent, maxWaiting = 1_000 } = options;
  const bulkhead = createBulkhead(maxConcurrent, maxWaiting);
  const breaker = createBreaker(options);

  return {
    async run(promql, request, signal) {
      const endsAtMs = performance.now() + timeoutMs;
      const ask = () =>
        breaker(promql, () => request({ timeoutMs: leftUntil(endsAtMs, name, promql), signal }), endsAtMs, signal);
      // Who gets a turn at once needs no end to waiting for it.
      const queue = bulkhead.isFull() ? startDeadline(timeoutMs, signal) : null;
      try {
        return await bulkhead.run(() => {
          queue?.clear();
          return askAgainOnce(ask, endsAtMs, signal);
        }, queue?.signal ?? signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof BulkheadFull) throw new PrometheusFailure(name, unavailable(error.message), promql);
        if (queue?.isOver() !== true) throw error;
        const text = `no turn within ${formatDuration(timeoutMs)}: ${maxConcurrent} requests were under way`;
        throw new PrometheusFailure(name, overdue(text), promql);
      } finally {
        queue?.clear();
      }
    },
  };
}

type Breaker = <T>(promql: string, request: () => Promise<T>, endsAtMs: number, signal: AbortSignal) => Promise<T>;

/** While one question tries whether the source is back, others wait for its result this long. */
const PROBE_PATIENCE_MS = 1_000;

function createBreaker({ name, breakAfter = 5, breakMs = 1_000 }: SourceGuardOptions): Breaker {
  // An abort says nothing of the source, except that it has not been seen to be back.
  const policy = circuitBreaker(
    handleWhen((error) => error instanceof SourceError || policy.state === CircuitState.HalfOpen),
    { halfOpenAfter: breakMs, breaker: new ConsecutiveBreaker(breakAfter) },
  );
  const stateIs = (state: CircuitState) => policy.state === state;
  let probe: Promise<void> | null = null;
  let last: Failure = unavailable('');

  const notAsked = (promql: string) =>
    new PrometheusFailure(name, { ...last, text: `not asked, since it fails: ${last.text}` }, promql);

  return async <T>(promql: string, request: () => Promise<T>, endsAtMs: number, signal: AbortSignal) => {
    if (probe !== null) {
      const patienceMs = Math.min(PROBE_PATIENCE_MS, Math.max(0, endsAtMs - performance.now()));
      await Promise.race([probe, pause(patienceMs, undefined, { signal, ref: false })]);
    }
    if (stateIs(CircuitState.HalfOpen)) throw notAsked(promql);
    const wasOpen = stateIs(CircuitState.Open);
    const asked = policy.execute(async () => {
      try {
        return { value: await request() };
      } catch (error) {
        // A question that is refused is a sign of life.
        if (error instanceof SourceError && error.reason === 'REJECTED') return { refused: error };
        // Of the same reason as the failure it spares: they are one cause.
        if (error instanceof SourceError) {
          last = { ...unavailable(error.message.replace(`${name}: `, '')), reason: error.reason };
        }
        throw error;
      }
    });
    if (wasOpen && stateIs(CircuitState.HalfOpen)) {
      const settled = () => {
        probe = null;
      };
      probe = asked.then(settled, settled);
    }
    const outcome = await asked.catch((error: unknown) => {
      throw isBrokenCircuitError(error) ? notAsked(promql) : error;
    });
    if ('refused' in outcome) throw outcome.refused;
    return outcome.value;
  };
}

/** With a pause of random length, so that askers do not come back all at once. */
async function askAgainOnce<T>(ask: () => Promise<T>, endsAtMs: number, signal: AbortSignal): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const pauseMs = 50 + Math.random() * 100;
    const inTime = performance.now() + 2 * pauseMs < endsAtMs;
    if (!(error instanceof PrometheusFailure && error.retrySafe && inTime)) throw error;
    await pause(pauseMs, undefined, { signal });
    return ask();
  }
}

function leftUntil(endsAtMs: number, name: string, promql: string): number {
  const leftMs = endsAtMs - performance.now();
  if (leftMs < 1) throw new PrometheusFailure(name, overdue('no time was left to ask'), promql);
  return leftMs;
}
