import type { Caller } from '../domain/access.js';

/** Bounds on connections that stay open: WebSockets and answers of server-sent events together. */
export interface PlaceLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerCaller: number;
}

/** What one connection holds from its beginning to its end. */
export interface Place {
  /** Counts it for who it turned out to be; false when that caller has as many as it may. */
  giveTo(caller: Caller): boolean;
  /** Frees it; more than once does no harm. */
  leave(): void;
}

export interface PlaceObserver {
  /** How many are taken. */
  onPlaces(taken: number): void;
  /** @param bound which of the two was reached */
  onRefused(bound: 'all' | 'caller'): void;
}

/** When to come back to a gateway that is full, in seconds. */
export const RETRY_SECONDS = 5;
/** The same as the code that a WebSocket is closed with. */
export const TRY_AGAIN_LATER = 1013;

/** Hands out places; null when all are taken. */
export type TakePlace = () => Place | null;

export function createPlaces(
  { maxConnections, maxConnectionsPerCaller }: PlaceLimits,
  { onPlaces, onRefused }: PlaceObserver,
): TakePlace {
  const byCaller = new Map<string, number>();
  let taken = 0;

  function count(name: string, change: 1 | -1): void {
    const held = (byCaller.get(name) ?? 0) + change;
    if (held === 0) byCaller.delete(name);
    else byCaller.set(name, held);
  }

  return () => {
    if (taken >= maxConnections) {
      onRefused('all');
      return null;
    }
    taken += 1;
    onPlaces(taken);
    let holder: string | null = null;
    let left = false;
    return {
      giveTo({ name }) {
        if (left || holder !== null) return !left;
        if ((byCaller.get(name) ?? 0) >= maxConnectionsPerCaller) {
          onRefused('caller');
          return false;
        }
        holder = name;
        count(name, 1);
        return true;
      },
      leave() {
        if (left) return;
        left = true;
        taken -= 1;
        onPlaces(taken);
        if (holder !== null) count(holder, -1);
      },
    };
  };
}
