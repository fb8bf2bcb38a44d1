/** `shape` finds out which entities there are, `figures` measures them. */
export type WaveKind = 'shape' | 'figures';

export interface Waves {
  /** Counts work as under way until it settles. */
  hold<T>(work: Promise<T>): Promise<T>;
  /** Runs `dispatch` when nothing is under way any more; what finds entities goes before what measures them. */
  whenQuiet(kind: WaveKind, dispatch: () => void): void;
}

/**
 * Lets the reads of one operation go out in waves, so that the number of batches follows from the document alone, never
 * from which source answers first: figures of nodes listed at different depths are asked for together.
 */
export function createWaves(): Waves {
  const waiting: Record<WaveKind, (() => void)[]> = { shape: [], figures: [] };
  let underWay = 0;
  let scheduled = false;

  function dispatch(): void {
    scheduled = false;
    if (underWay > 0) return;
    const kind: WaveKind = waiting.shape.length > 0 ? 'shape' : 'figures';
    const ready = waiting[kind];
    waiting[kind] = [];
    for (const run of ready) run();
    schedule();
  }

  // A turn of the event loop: by then every resolver that the last answers set free has asked for what it needs.
  function schedule(): void {
    if (scheduled || underWay > 0 || waiting.shape.length + waiting.figures.length === 0) return;
    scheduled = true;
    setImmediate(dispatch);
  }

  function settle(): void {
    underWay -= 1;
    schedule();
  }

  return {
    hold(work) {
      underWay += 1;
      work.then(settle, settle);
      return work;
    },
    whenQuiet(kind, run) {
      waiting[kind].push(run);
      schedule();
    },
  };
}
