import { editDistance } from '../domain/edit-distance.js';

/** The known name that was probably meant, or null when none is close: at most a third of its letters differ. */
export function nearest(name: string, known: readonly string[]): string | null {
  const plain = (text: string) => text.toLowerCase().replace(/[-_]/g, '');
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const steps = editDistance(plain(name), plain(candidate));
    if (steps < least && steps <= Math.max(1, Math.floor(candidate.length / 3))) {
      best = candidate;
      least = steps;
    }
  }
  return best;
}

/** ` (did you mean "port"?)`, or what is known when nothing is close. */
export function suggestion(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return meant === null ? `; known here: ${known.join(', ')}` : `; did you mean "${meant}"?`;
}
