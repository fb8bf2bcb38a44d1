import type { StreamItem } from './items.js';

/**
 * Where a stream goes on after an interruption. Within a snapshot it is nowhere: events of a snapshot carry the places of
 * old openings, and whoever went on from one of them would miss the rest of the snapshot.
 */
export class Position {
  private cursor: string | null;

  /** @param cursor what was saved last; null begins with a snapshot */
  constructor(cursor: string | null) {
    this.cursor = cursor;
  }

  /** What to pass as `after`; null asks for a snapshot. */
  get after(): string | null {
    return this.cursor;
  }

  /** @returns the cursor that may be saved once the item was dealt with; null where none may yet */
  take(item: StreamItem): string | null {
    if (item.__typename === 'StreamReset') this.cursor = null;
    else if (item.__typename === 'StreamBookmark' || this.cursor !== null) this.cursor = item.cursor;
    return this.cursor;
  }
}
