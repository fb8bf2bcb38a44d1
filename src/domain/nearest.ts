/** Longer names are given by accident, and compared as far as that. */
const LONGEST = 100;

/**
 * The known name that a mistyped one most likely meant, whatever its case and hyphens; null when none is near: more than
 * a third of its letters differ.
 */
export function nearest(name: string, known: Iterable<string>): string | null {
  const given = plain(name);
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const meant = plain(candidate);
    const slips = editDistance(given, meant);
    if (slips >= least || slips > Math.max(1, Math.floor(meant.length / 3))) continue;
    best = candidate;
    least = slips;
  }
  return best;
}

const plain = (text: string) => text.slice(0, LONGEST).toLowerCase().replace(/[-_]/g, '');

/** How many slips make `a` into `b`: letters inserted, deleted, replaced, or swapped with their neighbour. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(distance);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
