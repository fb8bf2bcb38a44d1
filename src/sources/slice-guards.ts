/** A slice is read again when it has more events than this many times the most that was ever seen in one. */
const DOUBTFUL = 2;
/**
 * Events of counters that begin are believed up to this many times the most that was ever seen in a slice. True ones are
 * about one slice's events; a counter that is taken up late brings all it has counted in its life, a thousand times more.
 */
const IMPLAUSIBLE = 5;

/** A slice that may hold events from before it. */
export interface Doubt {
  readonly slice: number;
  /** The most events that were seen in a slice before it. */
  readonly reference: number;
  /** Whether the slice before was not seen: what grew meanwhile is counted in this one. */
  readonly afterGap: boolean;
}

/**
 * The slices of a stream that ask for a second look.
 * @param largest events of the largest slice that was ever trusted; without it the usual slice of the answer is taken
 * @param gapSlices unseen slices after which a counter's value before them is out of sight; null where streams that are
 * doubted for that reason speak for this one
 */
export function doubts(counts: Float64Array, largest: number | undefined, gapSlices: number | null): readonly Doubt[] {
  const found: Doubt[] = [];
  const usual = median(counts);
  let reference = largest ?? usual;
  // Nobody knows what was before the answer.
  let unseen = largest === undefined ? Number.POSITIVE_INFINITY : 0;
  for (const [slice, count] of counts.entries()) {
    if (Number.isNaN(count)) {
      unseen = slice === 0 ? Number.POSITIVE_INFINITY : unseen + 1;
      continue;
    }
    const isLost = gapSlices !== null && unseen >= gapSlices;
    if (count > 0 && (isLost || count > DOUBTFUL * reference)) {
      found.push({ slice, reference, afterGap: unseen > 0 && slice > 0 });
      // It must not vouch for the next one, and yet slow growth must not be doubted for ever.
      reference = Math.max(reference, Math.min(count, Math.max(IMPLAUSIBLE * reference, usual)));
    } else {
      reference = Math.max(reference, count);
    }
    unseen = 0;
  }
  return found;
}

/** What a second look found: with counters that begin, and without what they had counted before they were seen. */
export interface SecondLook {
  readonly whole: number;
  readonly certain: number;
}

export interface Settled {
  readonly count: number;
  readonly estimated: boolean;
}

/** How many events a total has in a slice that was doubted. */
export function settleTotal({ reference, afterGap }: Doubt, { whole, certain }: SecondLook): Settled {
  const believed = whole - certain <= IMPLAUSIBLE * Math.max(reference, certain);
  const count = believed ? whole : certain;
  return { count, estimated: !believed || (afterGap && count > IMPLAUSIBLE * reference) };
}

/** Errors may come from nothing at once, but not where the total began anew, and never more than there were events. */
export function settlePart({ whole, certain }: SecondLook, total: Settled): Settled {
  const believed = whole - certain <= (total.estimated ? 0 : total.count);
  return believed ? { count: whole, estimated: total.estimated } : { count: certain, estimated: true };
}

/** Of the slices with events; 0 without any. */
function median(counts: Float64Array): number {
  const sorted = counts.filter((count) => count > 0).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
