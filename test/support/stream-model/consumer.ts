import { decodeStreamCursor } from '../../../src/graph/cursor.js';
import type { Ask, Connection, Line, Start, Told, Transport } from './connection.js';
import type { Mark, Wanted } from './model-log.js';

/** What a consumer goes on from after an interruption. */
export type Memory =
  /** As docs/clients.md tells: within a snapshot from nowhere. */
  | 'cursor'
  /** As an EventSource does: whatever id came last. */
  | 'last id'
  /** The cursor of the page that was read last. */
  | 'page'
  /** Nothing: the server keeps what was acknowledged. */
  | 'none';

export interface ConsumerOptions {
  readonly name: string;
  readonly transport: Transport;
  readonly memory: Memory;
  readonly severity: string | null;
  /** Where the gateway is, and what is true at this moment. */
  readonly url: () => string;
  readonly mark: () => Mark;
  /** Called after everything that happens to it. */
  readonly onNews: () => void;
  /** The gateway has ended its connection. */
  readonly onEnded: (reason: string) => void;
  readonly onFailure: (message: string) => void;
}

/** A client that follows, leaves, forgets and comes back, and remembers everything it was told. */
export class Consumer {
  readonly connections: Connection[] = [];
  /** Saved one after the other; a client that crashed comes back with an older one. */
  private saved: (string | null)[] = [null];
  private line: Line | null = null;
  /** Cursor of what it has surely read up to since it connected. */
  private reached: string | null = null;
  private received = 0;
  private acks: Promise<unknown> = Promise.resolve();
  private acknowledged: string | null = null;
  private sent: string | null = null;

  constructor(readonly options: ConsumerOptions) {}

  get isConnected(): boolean {
    return this.line !== null;
  }

  /** Cursor up to which everything was told on this connection; null before its first bookmark. */
  get upTo(): string | null {
    return this.line === null ? null : this.reached;
  }

  get wanted(): Wanted {
    const { severity } = this.options;
    return (violation) => severity === null || violation.severity === severity;
  }

  connect(): void {
    if (this.line !== null) return;
    const { transport, severity, url, mark, memory, name } = this.options;
    const isHeld = memory === 'none';
    const after = isHeld ? null : (this.saved.at(-1) ?? null);
    const seq = (cursor: string | null) => (cursor === null ? null : decodeStreamCursor(cursor).seq);
    const start: Start = isHeld ? { acknowledged: seq(this.acknowledged), sent: seq(this.sent) } : { after };
    const connection: Connection = { start, at: mark(), inPages: memory === 'page', told: [] };
    this.connections.push(connection);
    this.reached = null;
    const ask: Ask = { url: url(), after, severity, consumer: isHeld ? name : null };
    let over = false;
    const line = transport(ask, {
      onTold: (item) => {
        if (over) return;
        connection.told.push({ item, at: mark() });
        this.take(item);
        this.options.onNews();
      },
      onEnd: (reason) => {
        if (over) return;
        over = true;
        this.line = null;
        this.options.onEnded(reason);
        this.options.onNews();
      },
    });
    this.line = {
      leave(how) {
        over = true;
        line.leave(how);
      },
    };
  }

  leave(how: 'goodbye' | 'cut'): void {
    this.line?.leave(how);
    this.line = null;
  }

  /** What was saved last is lost, with so many of those before. */
  forget(saves: number): void {
    this.leave('cut');
    this.saved.splice(Math.max(1, this.saved.length - saves));
  }

  /** The store was replaced by an empty one: no place is kept in it. */
  startAnew(): void {
    this.acknowledged = null;
    this.sent = null;
  }

  /** Resolves when no acknowledgement is under way. */
  async rest(): Promise<void> {
    await this.acks;
  }

  private take(item: Told): void {
    this.received += 1;
    if (item.kind === 'reset') this.reached = null;
    else if (item.kind === 'bookmark' ? item.complete : this.reached !== null) this.reached = item.cursor;
    const { memory } = this.options;
    if (memory === 'none') {
      // Now and then: what was not acknowledged comes again.
      if (item.kind !== 'reset' && this.received % 2 === 0) this.acknowledge(item.cursor);
    } else if (memory === 'cursor') {
      if (item.kind === 'reset') this.saved.push(null);
      else if (item.kind === 'bookmark' || this.saved.at(-1) !== null) this.saved.push(item.cursor);
    } else if (memory === 'last id') {
      if (item.kind !== 'reset') this.saved.push(item.cursor);
    } else if (item.kind !== 'event') {
      this.saved.push(item.kind === 'reset' ? null : item.cursor);
    }
  }

  private acknowledge(cursor: string): void {
    const { name, url, mark, onFailure } = this.options;
    const { log } = mark();
    const query =
      'mutation ($consumer: String!, $cursor: Cursor!) { ackViolations(consumer: $consumer, cursor: $cursor) }';
    const body = JSON.stringify({ query, variables: { consumer: name, cursor } });
    this.sent = cursor;
    const address = `${url()}/graphql`;
    this.acks = this.acks.then(async () => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
      // A gateway that is gone keeps nothing; whether this one did is not known then.
      const answer = await fetch(address, init).then(
        (response) => response.json() as Promise<{ data?: { ackViolations: boolean } }>,
        () => null,
      );
      if (answer === null || mark().log !== log) return;
      if (answer.data?.ackViolations !== true)
        return onFailure(`${name} could not acknowledge: ${JSON.stringify(answer)}`);
      this.acknowledged = cursor;
    });
  }
}
