import { setMaxListeners } from 'node:events';
import { LRUCache } from 'lru-cache';

/** One request sent on behalf of a question. */
export interface Attempt<T> {
  readonly durationMs: number;
  /** Null when it failed or was given up. */
  readonly answer: T | null;
  /** Why it failed; null while it is under way and nobody waits for it any more. */
  readonly error: unknown;
}

/** What an asker hears of its question: one `sent` per request it caused, else one `shared`. */
export interface Listener<T> {
  sent(attempt: Attempt<T>): void;
  shared(durationMs: number, answer: T | null): void;
}

/** Sends the question; `attempt` wraps each request, `signal` is aborted when nobody waits any more. */
export type Send<T> = (
  attempt: <R extends T>(request: () => Promise<R>) => Promise<R>,
  signal: AbortSignal,
) => Promise<T>;

export interface SharedCallsOptions<T> {
  readonly maxBytes: number;
  readonly ttlMs: number;
  sizeOf(answer: T): number;
  /** Whether others may have this answer later. */
  keeps(answer: T): boolean;
}

/** Equal questions share one answer: while it is under way, and for a while after. */
export interface SharedCalls<T> {
  /**
   * @param fresh neither takes an answer that is kept nor keeps it; only what is under way is shared
   * @throws the signal's reason as soon as it is aborted; the request goes on while others wait for it
   */
  ask(key: string, send: Send<T>, listener: Listener<T>, signal?: AbortSignal, fresh?: boolean): Promise<T>;
  /** Aborts what is under way and forgets the answers. */
  close(): void;
}

export function createSharedCalls<T extends object>(options: SharedCallsOptions<T>): SharedCalls<T> {
  const kept = new LRUCache<string, T>({
    maxSize: options.maxBytes,
    sizeCalculation: (answer, key) => key.length + Math.max(1, Math.ceil(options.sizeOf(answer))),
    ttl: options.ttlMs,
    // Otherwise a timer is started to remember for a millisecond what time it is.
    ttlResolution: 0,
  });
  const flights = new Map<string, Flight<T>>();

  function launch(key: string, send: Send<T>, fresh: boolean): Flight<T> {
    const flight = new Flight<T>();
    flights.set(key, flight);
    const land = () => forget(key, flight);
    flight.start(send).then((answer) => {
      if (!fresh && options.keeps(answer)) kept.set(key, answer);
      land();
    }, land);
    return flight;
  }

  /** Another flight may have taken its place, after everybody had left this one. */
  function forget(key: string, flight: Flight<T>): void {
    if (flights.get(key) === flight) flights.delete(key);
  }

  return {
    async ask(asked, send, listener, signal, fresh = false) {
      signal?.throwIfAborted();
      const key = fresh ? `fresh ${asked}` : asked;
      const answer = kept.get(key);
      if (answer !== undefined) {
        listener.shared(0, answer);
        return answer;
      }
      const flight = flights.get(key) ?? launch(key, send, fresh);
      return flight.join(listener, signal, () => forget(key, flight));
    },
    close() {
      for (const flight of flights.values()) flight.abort.abort(new Error('the gateway is closing'));
      flights.clear();
      kept.clear();
    },
  };
}

interface Waiter<T> {
  readonly listener: Listener<T>;
  readonly joinedAtMs: number;
  hasSent: boolean;
}

/** A question under way, with everybody who waits for it. */
class Flight<T> {
  readonly abort = new AbortController();
  private readonly waiters = new Set<Waiter<T>>();
  private answer: Promise<T> | null = null;
  /** Of the request under way that nobody has heard of yet. */
  private sentAtMs: number | null = null;
  private everSent = false;

  start(send: Send<T>): Promise<T> {
    this.answer = send((request) => this.attempt(request), this.abort.signal);
    return this.answer;
  }

  join(listener: Listener<T>, signal: AbortSignal | undefined, onEmpty: () => void): Promise<T> {
    const waiter: Waiter<T> = { listener, joinedAtMs: performance.now(), hasSent: false };
    this.waiters.add(waiter);
    return new Promise((resolve, reject) => {
      const leave = () => {
        if (this.owner() === waiter) this.reportSent(null, null);
        this.waiters.delete(waiter);
        reject(signal?.reason);
        if (this.waiters.size > 0) return;
        onEmpty();
        this.abort.abort(signal?.reason);
      };
      const land = (answer: T | null) => {
        signal?.removeEventListener('abort', leave);
        if (!this.waiters.delete(waiter) || waiter.hasSent || !this.everSent) return;
        listener.shared(performance.now() - waiter.joinedAtMs, answer);
      };
      // One operation asks many questions; Node would warn of a leak at the eleventh.
      if (signal !== undefined) setMaxListeners(0, signal);
      signal?.addEventListener('abort', leave, { once: true });
      this.answer?.then(
        (answer) => {
          land(answer);
          resolve(answer);
        },
        (error: unknown) => {
          land(null);
          reject(error);
        },
      );
    });
  }

  private async attempt<R extends T>(request: () => Promise<R>): Promise<R> {
    this.sentAtMs = performance.now();
    this.everSent = true;
    try {
      const answer = await request();
      this.reportSent(answer, null);
      return answer;
    } catch (error) {
      this.reportSent(null, error);
      throw error;
    }
  }

  /** A request belongs to the asker that has waited longest. */
  private owner(): Waiter<T> | undefined {
    const [owner] = this.waiters;
    return owner;
  }

  private reportSent(answer: T | null, error: unknown): void {
    const owner = this.owner();
    if (this.sentAtMs === null || owner === undefined) return;
    const durationMs = performance.now() - this.sentAtMs;
    this.sentAtMs = null;
    owner.hasSent = true;
    owner.listener.sent({ durationMs, answer, error });
  }
}
