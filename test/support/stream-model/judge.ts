import type { Violation, ViolationEvent } from '../../../src/domain/violation.js';
import { decodeStreamCursor } from '../../../src/graph/cursor.js';
import type { Connection, Told } from './connection.js';
import type { Consumer } from './consumer.js';
import type { Mark, ModelLog, Wanted } from './model-log.js';

type ToldEvent = Told & { readonly kind: 'event' };

/**
 * Holds what a consumer was told against the log: every event that it wants once and in order behind the place where a
 * connection began, snapshots that are what was open, bookmarks with nothing left out before them, and a reset wherever
 * the log is not whole any more and nowhere else.
 * @throws Error that says which rule was broken where
 */
export function judge({ connections, options: { name }, wanted }: Consumer): void {
  for (const [index, connection] of connections.entries()) {
    const starts = startsOf(connection);
    const problems = starts.map((start) => problemOf(connection, start, wanted));
    if (problems.includes(null)) continue;
    const told = connection.told.map(({ item }) => shown(item)).join('\n  ');
    throw new Error(
      `${name}, connection ${index + 1} from ${JSON.stringify(connection.start)} at head ${connection.at.head}: ${problems[0]}\n  ${told}`,
    );
  }
}

/** Places a connection may have begun at: of a consumer that the server keeps the place of one of several. */
function startsOf({ start }: Connection): readonly (string | number | null)[] {
  if ('after' in start) return [start.after];
  const { acknowledged, sent } = start;
  if (sent === null) return [null];
  const least = acknowledged ?? 0;
  // Acknowledged was nothing, or what one of those says that are under way.
  return [
    ...(acknowledged === null ? [null] : []),
    ...Array.from({ length: sent - least + 1 }, (_, index) => least + index),
  ];
}

function problemOf({ at, told, inPages }: Connection, start: string | number | null, wanted: Wanted): string | null {
  const { log } = at;
  const place = typeof start === 'string' ? decodeStreamCursor(start) : { epoch: log.epoch, seq: start };
  const isForeign = place.epoch !== log.epoch;
  const mustReset = place.seq !== null && (isForeign || place.seq + 1 < at.oldestCertain);
  const mayReset = place.seq !== null && isForeign;
  const reading = new Reading(log, wanted, at, inPages, place.seq);
  for (const [index, one] of told.entries()) {
    const isReset = one.item.kind === 'reset';
    if (index === 0 && mustReset && !isReset) return 'a gap was not announced';
    const problem = index === 0 && isReset && mayReset ? reading.reset() : reading.take(one);
    if (problem !== null) return `item ${index + 1}: ${problem}`;
  }
  return reading.finish();
}

/** One connection, read item by item. */
class Reading {
  /** What was listed of a snapshot; null behind it. */
  private listed: ToldEvent[] | null;

  constructor(
    private readonly log: ModelLog,
    private readonly wanted: Wanted,
    private readonly began: Mark,
    private readonly inPages: boolean,
    /** Behind a snapshot the place in the log. */
    private position: number | null,
  ) {
    this.listed = position === null ? [] : null;
  }

  reset(): null {
    this.listed = [];
    this.position = null;
    return null;
  }

  take({ item, at }: Connection['told'][number]): string | null {
    if (item.kind === 'reset') {
      // From a snapshot on one stands at its head, wherever that was.
      const place = this.position ?? this.began.head;
      return place + 1 < at.oldestPossible ? this.reset() : 'a reset though the log is whole';
    }
    const { epoch, seq } = decodeStreamCursor(item.cursor);
    if (epoch !== this.log.epoch) return `a cursor of another log: ${epoch}`;
    if (item.kind === 'bookmark') return this.listed === null ? this.bookmark(seq) : this.snapshot(seq, item.complete);
    if (this.log.at(seq)?.eventId !== item.eventId) return `${item.eventId} is not number ${seq} of the log`;
    if (this.listed === null) return this.follow(seq, item);
    this.listed.push(item);
    return null;
  }

  /** A snapshot that was cut off: as far as it went, it is what was open. */
  finish(): string | null {
    if (this.listed === null || this.listed.length === 0) return null;
    return this.isSnapshot(this.listed, false, this.log.head) ? null : 'a snapshot of what was never open together';
  }

  private follow(seq: number, item: ToldEvent): string | null {
    const expected = this.log.next(this.position as number, this.wanted);
    this.position = seq;
    if (expected?.seq !== seq) return `number ${seq} where ${expected?.seq} should follow`;
    return textOf(expected, expected.violation) === shown(item) ? null : `it is not as in the log: ${shown(item)}`;
  }

  private bookmark(seq: number): string | null {
    const left = this.log.next(this.position as number, this.wanted);
    if (seq < (this.position as number)) return `a bookmark that leads back to ${seq}`;
    this.position = seq;
    return left !== undefined && left.seq <= seq ? `a bookmark at ${seq}, and number ${left.seq} was left out` : null;
  }

  private snapshot(seq: number, isComplete: boolean): string | null {
    const listed = this.listed ?? [];
    this.listed = null;
    this.position = seq;
    // Where a page was cut within its snapshot it ends with an event that is older than all that came since.
    const until = isComplete ? seq : this.log.head;
    return this.isSnapshot(listed, isComplete, until)
      ? null
      : `it is not what was open at ${seq}, nor since ${this.began.head}`;
  }

  /** Whether these are the open violations at some moment since it was asked for, and in pages what followed. */
  private isSnapshot(listed: readonly ToldEvent[], isWhole: boolean, until: number): boolean {
    const told = listed.map(shown);
    const first = this.inPages || !isWhole ? this.began.head : until;
    if (until < this.began.head) return false;
    for (let head = first; head <= until; head += 1) {
      const open = this.log.openAt(head).filter(({ present }) => this.wanted(present));
      const texts = open.map(({ opened, present }) => textOf(opened, present));
      for (let next = this.since(head, until); next !== undefined; next = this.since(next.seq, until))
        texts.push(textOf(next, next.violation));
      const expected = isWhole ? texts : texts.slice(0, told.length);
      if (expected.join() === told.join()) return true;
    }
    return false;
  }

  private since(seq: number, until: number): ViolationEvent | undefined {
    const next = this.inPages ? this.log.next(seq, this.wanted) : undefined;
    return next !== undefined && next.seq <= until ? next : undefined;
  }
}

function textOf({ seq, eventId, transition }: ViolationEvent, { message, severity, status }: Violation): string {
  return `${seq} ${eventId} ${transition} ${message} ${severity} ${status}`;
}

function shown(item: Told): string {
  if (item.kind === 'reset') return 'reset';
  const { seq } = decodeStreamCursor(item.cursor);
  if (item.kind === 'bookmark') return `bookmark ${seq}${item.complete ? '' : ' within a snapshot'}`;
  const { message, severity, status } = item.violation;
  return `${seq} ${item.eventId} ${item.transition} ${message} ${severity} ${status}`;
}
