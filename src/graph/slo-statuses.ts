import type { Scope } from '../domain/access.js';
import type { EvaluationFeed } from '../domain/ports.js';
import type { SloStatus } from '../domain/slo.js';
import { onGrid } from './instant.js';
import { SLOType } from './slo.type.js';

export interface SloStatusesOptions {
  readonly evaluations: EvaluationFeed;
  readonly scope: Scope;
  readonly matches: (status: SloStatus) => boolean;
  readonly gridMs: number;
  now(): number;
}

/** An SLO as it was evaluated last. */
export interface SloNews {
  readonly name: string;
  /** Above that of all that was known before. */
  readonly version: number;
  readonly status: SloStatus;
}

/** The last state of every SLO that matches, the one that has stood longest first: never two of one SLO. */
export class SloStatuses {
  private readonly latest = new Map<string, SloNews>();
  private version = 0;
  private stale = true;

  constructor(private readonly options: SloStatusesOptions) {}

  /** Calls back when there may be news; returns how to stop that. */
  listen(listener: () => void): () => void {
    return this.options.evaluations.onEvaluated(() => {
      this.stale = true;
      listener();
    });
  }

  /**
   * What is newer than a version, oldest first. What is evaluated while this is being read comes at its end, instead of
   * what had not been read yet of the same SLO.
   */
  *after(version: number): Generator<SloNews, undefined> {
    this.refresh();
    for (const news of this.latest.values()) {
      if (news.version <= version) continue;
      yield news;
      this.refresh();
    }
  }

  /** What hangs below it is looked at at the time of its evaluation: a subscription has no single instant. */
  itemOf({ status }: SloNews): SLOType {
    const { gridMs, now } = this.options;
    return new SLOType(status, { atMs: onGrid(status.evaluatedAtMs ?? now(), gridMs), live: true });
  }

  private refresh(): void {
    if (!this.stale) return;
    this.stale = false;
    const { evaluations, scope, matches } = this.options;
    const present = new Map(evaluations.statuses(scope).map((status) => [status.definition.name, status]));
    for (const [name, status] of present) {
      if (!matches(status)) {
        this.latest.delete(name);
        continue;
      }
      if (this.latest.get(name)?.status === status) continue;
      this.latest.delete(name);
      this.version += 1;
      this.latest.set(name, { name, version: this.version, status });
    }
    for (const name of this.latest.keys()) if (!present.has(name)) this.latest.delete(name);
  }
}
