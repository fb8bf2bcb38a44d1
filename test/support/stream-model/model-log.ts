import type { Retention } from '../../../src/domain/ports.js';
import type { Severity } from '../../../src/domain/slo.js';
import type { Violation, ViolationChange, ViolationEvent } from '../../../src/domain/violation.js';
import { event, violation } from '../../unit/graph/graph-world.js';

/** Something that happens to a violation; `pick` tells which, modulo how many there are. */
export interface Deed {
  readonly what: 'open' | 'change' | 'resolve' | 'again';
  readonly pick: number;
  readonly severity: Severity;
}

/** Which violations a consumer wants. */
export type Wanted = (violation: Violation) => boolean;

/** What is true at a moment, for judging what a consumer was told then. */
export interface Mark {
  readonly log: ModelLog;
  /** Seq of the newest event that is known to be stored. */
  readonly head: number;
  /** The log is whole from here at most, and from here at least, while it is being shortened. */
  readonly oldestPossible: number;
  readonly oldestCertain: number;
}

/** Events that were under way when a process was killed. */
export interface Aftermath {
  readonly lost: number;
  /** Stored, and never acknowledged. */
  readonly unheard: number;
}

/** What the log of one store has to be: every event that was acknowledged, in the order of the commits. */
export class ModelLog {
  private readonly events: ViolationEvent[] = [];
  private readonly violations = new Map<string, Violation>();
  /** Appended, and not yet known to be stored. */
  private readonly pending: (readonly ViolationChange[])[] = [];
  private oldestPossible = 1;
  private oldestCertain = 1;
  private made = 0;

  constructor(readonly epoch: string) {}

  get head(): number {
    return this.events.length;
  }

  mark(): Mark {
    const { head, oldestPossible, oldestCertain } = this;
    return { log: this, head, oldestPossible, oldestCertain };
  }

  at(seq: number): ViolationEvent | undefined {
    return this.events[seq - 1];
  }

  /** The first event behind a place that is wanted. */
  next(after: number, wanted: Wanted): ViolationEvent | undefined {
    return this.events.slice(after).find(({ violation }) => wanted(violation));
  }

  /** Violations that are open at a place, with the event that opened each, by the order of their opening. */
  openAt(seq: number): readonly { readonly opened: ViolationEvent; readonly present: Violation }[] {
    const open = new Map<string, { opened: ViolationEvent; present: Violation }>();
    for (const one of this.events.slice(0, seq)) {
      const { id } = one.violation;
      if (one.transition === 'RESOLVED') open.delete(id);
      else open.set(id, { opened: open.get(id)?.opened ?? one, present: one.violation });
    }
    return [...open.values()];
  }

  /** Changes to append; they count as pending until `confirm` or `settle`. */
  prepare(deeds: readonly Deed[]): readonly ViolationChange[] {
    const changes = deeds.flatMap((deed) => this.changeOf(deed) ?? []);
    this.pending.push(changes);
    return changes;
  }

  /** The oldest pending append was acknowledged with these events. @throws Error when it should have been others */
  confirm(stored: readonly ViolationEvent[]): void {
    const changes = this.pending.shift() ?? [];
    this.extend(changes, stored);
  }

  /**
   * What the store holds after its process was killed: all that was acknowledged and is kept, and of the appends that were
   * under way each whole or not at all, none without those before it.
   * @throws Error when it is otherwise
   */
  settle(found: readonly ViolationEvent[]): Aftermath {
    const kept = this.events.slice(this.oldestPossible - 1);
    const held = found.filter(({ seq }) => seq >= this.oldestPossible && seq <= this.head);
    demandEqual(held, kept);
    const before = this.head;
    let rest = found.filter(({ seq }) => seq > before);
    let lost = 0;
    for (const changes of this.pending.splice(0)) {
      const fresh = this.fresh(changes).length;
      if (rest.length > 0) this.extend(changes, rest.slice(0, fresh));
      else lost += fresh;
      rest = rest.slice(fresh);
    }
    if (rest.length > 0) throw new Error(`nobody appended ${JSON.stringify(rest[0])}`);
    // What was not stored did not happen.
    this.violations.clear();
    for (const { violation } of this.events) this.violations.set(violation.id, violation);
    return { lost, unheard: this.head - before };
  }

  /** What to keep only; until `shortened` the log may or may not have been cut to it. */
  shorten(keep: number, by: 'count' | 'age'): Retention {
    const first = this.at(this.head - keep + 1);
    if (first === undefined) return { beforeMs: 0, maxEvents: 1_000_000 };
    const youngest = this.events.findIndex(({ emittedAtMs }) => emittedAtMs >= first.emittedAtMs) + 1;
    this.oldestPossible = Math.max(this.oldestPossible, by === 'age' ? youngest : first.seq);
    return by === 'age' ? { beforeMs: first.emittedAtMs, maxEvents: 1_000_000 } : { beforeMs: 0, maxEvents: keep };
  }

  shortened(): void {
    this.oldestCertain = this.oldestPossible;
  }

  private extend(changes: readonly ViolationChange[], stored: readonly ViolationEvent[]): void {
    const fresh = this.fresh(changes);
    demandEqual(
      stored,
      fresh.map((change, index) => ({ ...change, seq: this.head + index + 1 })),
    );
    this.events.push(...stored);
  }

  private fresh(changes: readonly ViolationChange[]): readonly ViolationChange[] {
    const known = new Set(this.events.map(({ eventId }) => eventId));
    return changes.filter(({ eventId }) => !known.has(eventId));
  }

  private changeOf({ what, pick, severity }: Deed): ViolationChange | null {
    const { seq, emittedAtMs, ...template } = event(1);
    if (what === 'again') {
      // Of what is kept: the store does not know what it has let go of.
      const kept = this.events.slice(this.oldestPossible - 1);
      return kept[pick % kept.length] ?? null;
    }
    this.made += 1;
    const open = [...this.violations.values()].filter(({ status }) => status === 'OPEN');
    const chosen = open[pick % open.length];
    if (what === 'open' || chosen === undefined) {
      const opened = violation({ id: `v${this.made}`, message: `v${this.made}`, severity });
      return this.note({ ...template, eventId: `${opened.id}/opened`, violation: opened });
    }
    const transition = what === 'resolve' ? 'RESOLVED' : 'SEVERITY_CHANGED';
    const changed: Violation =
      what === 'resolve'
        ? { ...chosen, status: 'RESOLVED', resolvedAtMs: chosen.startedAtMs }
        : { ...chosen, severity };
    return this.note({ ...template, eventId: `${chosen.id}/${this.made}`, transition, violation: changed });
  }

  private note(change: ViolationChange): ViolationChange {
    this.violations.set(change.violation.id, change.violation);
    return change;
  }
}

type Numbered = ViolationChange & { readonly seq: number };

function demandEqual(stored: readonly Numbered[], expected: readonly Numbered[]): void {
  const [got, due] = [stored.map(canonical), expected.map(canonical)];
  const at = due.findIndex((text, index) => text !== got[index]);
  if (at >= 0 || got.length > due.length) {
    const index = at >= 0 ? at : due.length;
    throw new Error(`stored is ${got[index] ?? 'nothing'} where ${due[index] ?? 'nothing'} was appended`);
  }
}

function canonical({ seq, eventId, transition, violation, evaluatedAtMs, late }: Numbered): string {
  return JSON.stringify([seq, eventId, transition, evaluatedAtMs, late, Object.entries(violation).sort()]);
}
