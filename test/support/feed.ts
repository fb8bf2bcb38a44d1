import type { ViolationFeed } from '../../src/domain/ports.js';

/** What says of appends, as a test wants it said. */
export function createFeed(): { readonly feed: ViolationFeed; tell(): void } {
  const listeners = new Set<() => void>();
  return {
    feed: {
      onAppend(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    tell() {
      for (const listener of [...listeners]) listener();
    },
  };
}
