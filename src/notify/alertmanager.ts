import { everything } from '../domain/access.js';
import { NotifyError } from '../domain/errors.js';
import type { Delivery, ViolationFeed, ViolationStore } from '../domain/ports.js';
import type { Violation, ViolationEvent } from '../domain/violation.js';
import { type Alert, alertOf, formerAlert, identityOf } from './alert.js';
import {
  type AlertmanagerClient,
  type AlertmanagerClientOptions,
  createAlertmanagerClient,
} from './alertmanager-client.js';

export interface AlertmanagerNotifierOptions extends AlertmanagerClientOptions {
  readonly store: ViolationStore;
  readonly feed: ViolationFeed;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly log: NotifierLog;
  /** Address of the gateway for people: `https://slograph.example`. Alerts lead there. */
  readonly externalUrl?: string;
  /** How often open violations are posted again; an alert ends by itself after four times that. Default 60,000. */
  readonly repeatMs?: number;
  /** Longest pause between tries while Alertmanager does not answer; default 30,000. */
  readonly maxPauseMs?: number;
}

/** What pino offers. */
export interface NotifierLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface Notifier {
  /** Name under which deliveries and the position in the log are kept. */
  readonly sink: string;
  start(): void;
  /** Ends after the request under way, or after a second at most. */
  stop(): Promise<void>;
}

const BATCH = 64;
const PAGE = 256;
const FIRST_PAUSE_MS = 500;

/**
 * Delivers violations to one Alertmanager; a cluster of them needs a notifier for each, since they do not share alerts.
 * It reads the log from where it had got to, so nothing is lost over restarts of either side, and posts what is open
 * again and again, since Alertmanager forgets alerts when it restarts.
 */
export function createAlertmanagerNotifier(options: AlertmanagerNotifierOptions): Notifier {
  return new AlertmanagerNotifier(options, createAlertmanagerClient(options));
}

/** An alert with the violations that it tells of: more than one when they followed each other under the same labels. */
interface Posting {
  readonly alert: Alert;
  readonly violationIds: readonly string[];
}

class AlertmanagerNotifier implements Notifier {
  readonly sink: string;
  private readonly stopping = new AbortController();
  private readonly repeatMs: number;
  private running: Promise<void> | null = null;
  private unlisten: () => void = () => {};
  private wake: () => void = () => {};
  private hasNews = true;
  private repeatAtMs = 0;
  private failures = 0;
  private isStopping = false;

  constructor(
    private readonly options: AlertmanagerNotifierOptions,
    private readonly client: AlertmanagerClient,
  ) {
    this.sink = `alertmanager ${client.name}`;
    this.repeatMs = options.repeatMs ?? 60_000;
  }

  start(): void {
    if (this.running !== null) return;
    this.unlisten = this.options.feed.onAppend(() => {
      this.hasNews = true;
      // While Alertmanager is away, news waits for the next try like everything else.
      if (this.failures === 0) this.wake();
    });
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.unlisten();
    const abandon = setTimeout(() => this.stopping.abort(), 1_000);
    this.isStopping = true;
    this.wake();
    await this.running;
    clearTimeout(abandon);
  }

  private async run(): Promise<void> {
    while (!this.isStopping) {
      try {
        if (this.hasNews) await this.deliverNews();
        if (!this.isStopping && performance.now() >= this.repeatAtMs) await this.repeatOpen();
        this.succeeded();
      } catch (error) {
        this.failed(error);
      }
      await this.pause();
    }
  }

  /** Posts what happened since the saved position, page by page; the position moves when a page is delivered. */
  private async deliverNews(): Promise<void> {
    const { store } = this.options;
    for (;;) {
      this.hasNews = false;
      const position = await store.sinkPosition(this.sink);
      const events = await store.events(position, PAGE);
      const last = events.at(-1);
      if (last === undefined) return;
      try {
        await this.post(await this.postingsOf(events), true);
      } catch (error) {
        this.hasNews = true;
        throw error;
      }
      await store.saveSinkPosition(this.sink, last.seq);
      if (this.isStopping) return;
    }
  }

  /** Posts all that is open, so that it does not end by itself. */
  private async repeatOpen(): Promise<void> {
    const { events } = await this.options.store.snapshot(everything);
    await this.post(
      events.map(({ violation }) => this.posting(violation)),
      false,
    );
    this.repeatAtMs = performance.now() + this.repeatMs;
  }

  /** The last word on each alert: one that came and went meanwhile is posted as ended. */
  private async postingsOf(events: readonly ViolationEvent[]): Promise<readonly Posting[]> {
    const last = new Map<string, Posting>();
    const keep = (posting: Posting) => {
      const identity = identityOf(posting.alert);
      const earlier = last.get(identity)?.violationIds ?? [];
      last.delete(identity);
      last.set(identity, { ...posting, violationIds: [...earlier, ...posting.violationIds] });
    };
    for (const event of events) {
      if (event.transition === 'SEVERITY_CHANGED') {
        const former = await this.formerPosting(event);
        if (former !== null) keep(former);
      }
      keep(this.posting(event.violation));
    }
    return [...last.values()];
  }

  private async formerPosting(event: ViolationEvent): Promise<Posting | null> {
    const { violation, seq, evaluatedAtMs } = event;
    const history = await this.options.store.eventsOf(violation.id);
    const before = history.findLast((earlier) => earlier.seq < seq)?.violation;
    if (before === undefined || before.severity === violation.severity) return null;
    const alert = formerAlert(violation, before.severity, this.alertOptions(evaluatedAtMs));
    return { alert, violationIds: [violation.id] };
  }

  private posting(violation: Violation): Posting {
    const now = this.options.clock();
    const endsAtMs = violation.status === 'OPEN' ? now + 4 * this.repeatMs : (violation.resolvedAtMs ?? now);
    return { alert: alertOf(violation, this.alertOptions(endsAtMs)), violationIds: [violation.id] };
  }

  private alertOptions(endsAtMs: number) {
    return { endsAtMs, externalUrl: this.options.externalUrl?.replace(/\/+$/, '') ?? null };
  }

  private async post(postings: readonly Posting[], isNews: boolean): Promise<void> {
    for (let first = 0; first < postings.length; first += BATCH) {
      await this.postBatch(postings.slice(first, first + BATCH), isNews);
    }
  }

  private async postBatch(batch: readonly Posting[], isNews: boolean): Promise<void> {
    try {
      await this.client.post(
        batch.map(({ alert }) => alert),
        this.stopping.signal,
      );
      await this.save(batch, 'DELIVERED', null, isNews);
    } catch (error) {
      if (!(error instanceof NotifyError)) throw error;
      if (error.retryable) {
        await this.save(batch, 'PENDING', error.message, isNews);
        throw error;
      }
      // One bad alert gets the whole batch refused, though the others were taken: each is asked for alone.
      if (batch.length > 1) for (const posting of batch) await this.postBatch([posting], isNews);
      else await this.refused(batch, error, isNews);
    }
  }

  private async refused(batch: readonly Posting[], error: NotifyError, isNews: boolean): Promise<void> {
    await this.save(batch, 'FAILED', error.message, isNews);
    if (!isNews) return;
    const violation = batch[0]?.violationIds.at(-1);
    this.options.log.warn({ sink: this.sink, violation, err: error }, 'Alertmanager refused a violation');
  }

  private async save(
    batch: readonly Posting[],
    state: Delivery['state'],
    lastError: string | null,
    isNews: boolean,
  ): Promise<void> {
    const { store, clock } = this.options;
    for (const violationId of new Set(batch.flatMap(({ violationIds }) => violationIds))) {
      const before = (await store.deliveriesOf(violationId)).find(({ sink }) => sink === this.sink);
      // A repetition that went like the one before is nothing to write down.
      if (!isNews && state !== 'PENDING' && before?.state === state) continue;
      const attempts = before?.state === 'PENDING' ? before.attempts + 1 : 1;
      const deliveredAtMs = state === 'DELIVERED' ? clock() : (before?.deliveredAtMs ?? null);
      await store.saveDelivery({ violationId, sink: this.sink, state, attempts, lastError, deliveredAtMs });
    }
  }

  private succeeded(): void {
    if (this.failures > 0) this.options.log.info({ sink: this.sink }, 'Alertmanager answers again');
    this.failures = 0;
  }

  private failed(error: unknown): void {
    this.failures += 1;
    // It may have forgotten everything when it comes back.
    this.repeatAtMs = 0;
    if (this.failures === 1) this.options.log.warn({ sink: this.sink, err: error }, 'violations wait for Alertmanager');
  }

  /** Until there is news, the next repetition, or after failures a growing time with jitter. */
  private async pause(): Promise<void> {
    if (this.isStopping || (this.failures === 0 && this.hasNews)) return;
    const { maxPauseMs = 30_000 } = this.options;
    const backoffMs = Math.min(maxPauseMs, FIRST_PAUSE_MS * 2 ** Math.min(this.failures - 1, 20));
    const waitMs =
      this.failures > 0 ? backoffMs * (0.5 + Math.random() / 2) : Math.max(0, this.repeatAtMs - performance.now());
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => {};
  }
}
