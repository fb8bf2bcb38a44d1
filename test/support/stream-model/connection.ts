import type { Mark } from './model-log.js';

/** What a consumer was told, whatever the transport. */
export type Told =
  | {
      readonly kind: 'event';
      readonly cursor: string;
      readonly eventId: string;
      readonly transition: string;
      readonly violation: { readonly message: string; readonly severity: string; readonly status: string };
    }
  /** `complete` is false where a snapshot goes on behind it. */
  | { readonly kind: 'bookmark'; readonly cursor: string; readonly complete: boolean }
  | { readonly kind: 'reset' };

/** Where a connection began: a cursor, null for what is open, or somewhere between what a server may have kept. */
export type Start =
  | { readonly after: string | null }
  | { readonly acknowledged: number | null; readonly sent: number | null };

/** One connection of a consumer with everything it was told, for the judge. */
export interface Connection {
  readonly start: Start;
  readonly at: Mark;
  /** In a page what is open and what happened since follow each other without a mark between them. */
  readonly inPages: boolean;
  readonly told: { readonly item: Told; readonly at: Mark }[];
}

/** How a transport is spoken. */
export interface Line {
  /** Ends it with a goodbye, or as a network does. */
  leave(how: 'goodbye' | 'cut'): void;
}

export interface LineEvents {
  onTold(item: Told): void;
  /** The other side has ended it. */
  onEnd(reason: string): void;
}

export interface Ask {
  readonly url: string;
  /** A cursor, or null. */
  readonly after: string | null;
  /** Null takes all. */
  readonly severity: string | null;
  /** Name of a consumer whose place the server keeps, if it keeps one. */
  readonly consumer: string | null;
}

export type Transport = (ask: Ask, events: LineEvents) => Line;
