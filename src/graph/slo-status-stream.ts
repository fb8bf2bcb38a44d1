import type { SLOType } from './slo.type.js';
import { type SloNews, SloStatuses, type SloStatusesOptions } from './slo-statuses.js';

/**
 * Every SLO that matches as it stands, then every evaluation. Either iterated, or taken apart once by who serves many
 * readers of equal streams together. A reader that stalls finds the newest evaluation of each SLO, never a queue. Not a
 * generator: `return()` must free a reader that waits.
 */
export class SloStatusStream implements AsyncIterableIterator<SLOType> {
  private readonly statuses: SloStatuses;
  private readonly stopListening: () => void;
  private news: Iterator<SloNews> | null = null;
  private version = 0;
  private closed = false;
  private woken = false;
  private wake: () => void = () => {};

  constructor(options: SloStatusesOptions) {
    this.statuses = new SloStatuses(options);
    this.stopListening = this.statuses.listen(() => this.rouse());
  }

  /** What it reads from; the stream itself ends. */
  takeApart(): SloStatuses {
    void this.return();
    return this.statuses;
  }

  async next(): Promise<IteratorResult<SLOType, undefined>> {
    while (!this.closed) {
      this.woken = false;
      this.news ??= this.statuses.after(this.version);
      const { value } = this.news.next();
      if (value !== undefined) {
        this.version = value.version;
        return { done: false, value: this.statuses.itemOf(value) };
      }
      this.news = null;
      if (!this.woken) await this.sleep();
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<SLOType, undefined>> {
    this.closed = true;
    this.stopListening();
    this.rouse();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private rouse(): void {
    this.woken = true;
    this.wake();
  }
}
