import { type Client, type ClientOptions, createClient, type FormattedExecutionResult } from 'graphql-ws';
import { type Failure, failureOf, failureOfErrors } from './failure.js';
import { checkedItem, defaultDocument, type StreamItem, type ViolationStreamItem } from './items.js';
import { Position } from './position.js';

export type { StreamBookmark, StreamItem, StreamReset, ViolationEvent, ViolationStreamItem } from './items.js';

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** The server breaks a silence every 15 s. */
const LONGEST_SILENCE_MS = 45_000;
const MAX_WAITING = 10_000;

export interface ResumableOptions {
  /** `ws://` or `wss://`, the path of GraphQL included. */
  readonly url: string;
  /**
   * A subscription to `violations` with a variable `$after`, for other fields than those of `ViolationStreamItem`. It has to
   * ask for `__typename`, `cursor` (events and bookmarks), `snapshotComplete` and `snapshotFollows`.
   */
  readonly query?: string;
  /** Beside `after`, which is set here: `{ filter: { severity: ['PAGE'] } }`. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Where to go on from; null or absent: from what is open now. */
  readonly loadCursor?: () => string | null | Promise<string | null>;
  /** Called when the consumer asks for the next item: what it was given before has been dealt with. */
  readonly saveCursor?: (cursor: string) => void | Promise<void>;
  /** Sent when connecting, asked for again each time: `() => ({ authorization: 'Bearer ...' })`. */
  readonly connectionParams?: ClientOptions['connectionParams'];
  /** Where there is no global one (Node before 22): that of the package `ws`. */
  readonly webSocketImpl?: unknown;
  /**
   * Items that may wait for the consumer; beyond it the connection is left, and the stream is taken up where it ended once
   * they were taken. Default 10,000.
   */
  readonly maxWaiting?: number;
  readonly onConnected?: () => void;
  /** Told of every interruption, with the time to the next try. */
  readonly onInterrupted?: (reason: string, retryInMs: number) => void;
  /** Ends the stream. */
  readonly signal?: AbortSignal;
}

/**
 * Violations as they open, change and resolve, without end and without a silent gap: after an interruption the stream goes
 * on where it was, retrying for ever; what cannot be told any more is announced by a StreamReset.
 *
 * At least once: after a crash between dealing with an item and saving its cursor it comes again, with an equal `eventId`.
 *
 * ```ts
 * for await (const item of resumableViolations({ url, loadCursor, saveCursor })) {
 *   if (item.__typename === 'ViolationEvent') await page(item);
 * }
 * ```
 * Iterating throws an Error when trying again cannot help: a document or cursor that is refused, no token where one is
 * needed; and what `loadCursor` or `saveCursor` throws.
 */
export function resumableViolations<T extends StreamItem = ViolationStreamItem>(
  options: ResumableOptions,
): AsyncIterableIterator<T, undefined, undefined> {
  return new ResumableStream<T>(options);
}

class ResumableStream<T extends StreamItem> implements AsyncIterableIterator<T, undefined, undefined> {
  private position = new Position(null);
  private readonly waiting: { readonly item: T; readonly cursor: string | null }[] = [];
  /** Cursor of what was given last. */
  private given: string | null = null;
  private running: Promise<void> | null = null;
  private ended = false;
  private error: Error | null = null;
  private interrupted = 0;
  private wakeConsumer = () => {};
  private wakeProducer = () => {};
  private lastTurn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: ResumableOptions) {
    options.signal?.addEventListener('abort', () => this.end(null), { once: true });
    if (options.signal?.aborted) this.ended = true;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const turn = this.lastTurn.then(() => this.advance());
    this.lastTurn = turn.catch(() => undefined);
    return turn;
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.end(null);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async advance(): Promise<IteratorResult<T, undefined>> {
    await this.saveGiven();
    this.running ??= this.run();
    for (;;) {
      const next = this.waiting.shift();
      if (next !== undefined) {
        this.given = next.cursor;
        if (this.waiting.length === 0) this.wakeProducer();
        return { done: false, value: next.item };
      }
      if (this.error !== null) throw this.error;
      if (this.ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.wakeConsumer = resolve;
      });
    }
  }

  private async saveGiven(): Promise<void> {
    const cursor = this.given;
    this.given = null;
    if (cursor === null) return;
    try {
      await this.options.saveCursor?.(cursor);
    } catch (error) {
      this.end(null);
      throw error;
    }
  }

  private async run(): Promise<void> {
    try {
      this.position = new Position((await this.options.loadCursor?.()) ?? null);
      while (!this.ended) {
        const failure = await this.connectOnce();
        if (this.ended) return;
        if (failure?.fatal === true) throw new Error(failure.reason);
        if (failure !== null) await this.pause(failure);
        else if (this.waiting.length > 0) await this.untilWoken();
      }
    } catch (error) {
      this.end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** @returns why the connection ended; null when it was left for the consumer to catch up */
  private connectOnce(): Promise<Failure | null> {
    return new Promise((resolve) => {
      let opened = false;
      const client = this.createClient(() => {
        opened = true;
      });
      let timer: ReturnType<typeof setTimeout> | undefined;
      let finished = false;
      const finish = (failure: Failure | null) => {
        if (finished) return;
        finished = true;
        clearTimeout(timer);
        this.wakeProducer = () => {};
        resolve(failure);
        // A server that has vanished does not answer a goodbye; a socket that is not open yet cannot be cut.
        if (opened) client.terminate();
        // Its promise tells once more that connecting failed.
        else Promise.resolve(client.dispose()).catch(() => {});
      };
      const awaitSign = () => {
        clearTimeout(timer);
        const reason = `the server said nothing for ${LONGEST_SILENCE_MS / 1_000} s`;
        timer = setTimeout(() => finish({ reason, fatal: false }), LONGEST_SILENCE_MS);
      };
      awaitSign();
      this.wakeProducer = () => {
        if (this.ended) finish(null);
      };
      const variables = { ...this.options.variables, after: this.position.after };
      client.subscribe(
        { query: this.options.query ?? defaultDocument, variables },
        {
          next: (result) => {
            if (finished) return;
            awaitSign();
            const failure = this.take(result);
            if (failure !== null || this.waiting.length >= (this.options.maxWaiting ?? MAX_WAITING)) finish(failure);
          },
          error: (error) => finish(failureOf(error)),
          complete: () => finish({ reason: 'the server ended the stream', fatal: false }),
        },
      );
    });
  }

  private createClient(onOpened: () => void): Client {
    const { url, connectionParams, webSocketImpl, onConnected } = this.options;
    return createClient({
      url,
      lazy: true,
      retryAttempts: 0,
      ...(connectionParams === undefined ? {} : { connectionParams }),
      ...(webSocketImpl === undefined ? {} : { webSocketImpl }),
      // Said where it is dealt with, not on the console.
      onNonLazyError: () => {},
      on: { opened: onOpened, connected: () => onConnected?.() },
    });
  }

  private take(result: FormattedExecutionResult<unknown, unknown>): Failure | null {
    if (this.ended) return null;
    // Fields that could not be told are null beside an item that was: to ask for it again would stop the stream.
    if (result.errors !== undefined && isEmpty(result.data)) {
      return failureOfErrors(result.errors as Parameters<typeof failureOfErrors>[0]);
    }
    let item: T;
    try {
      item = checkedItem<T>(result.data);
    } catch (error) {
      return { reason: (error as Error).message, fatal: true };
    }
    this.interrupted = 0;
    this.waiting.push({ item, cursor: this.position.take(item) });
    this.wakeConsumer();
    return null;
  }

  /** Full jitter: a thousand clients of a server that restarts do not come back at once. */
  private async pause({ reason }: Failure): Promise<void> {
    const retryInMs = Math.random() * Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.interrupted);
    this.interrupted += 1;
    this.options.onInterrupted?.(reason, retryInMs);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, retryInMs);
      this.wakeProducer = () => {
        if (!this.ended) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private untilWoken(): Promise<void> {
    return new Promise((resolve) => {
      this.wakeProducer = resolve;
    });
  }

  private end(error: Error | null): void {
    if (this.ended) return;
    this.ended = true;
    this.error = error;
    if (error === null) this.waiting.length = 0;
    this.wakeProducer();
    this.wakeConsumer();
  }
}

function isEmpty(data: unknown): boolean {
  return Object.values(data ?? {}).every((item) => item == null);
}
