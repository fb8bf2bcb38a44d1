import { editDistance } from '../domain/edit-distance.js';

/** The known name that a mistyped one most likely meant, or null when none is near. */
export function nearest(name: string, known: readonly string[]): string | null {
  const lower = name.toLowerCase().slice(0, 100);
  const allowed = Math.max(1, Math.floor(lower.length / 3));
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance <= allowed && (best === null || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name ?? null;
}

/** `; did you mean "indicator"?`, or what there is to choose from. */
export function suggestion(name: string, known: readonly string[], what: string): string {
  const near = nearest(name, known);
  if (near !== null) return `did you mean "${near}"?`;
  if (known.length === 0) return `there is no ${what}`;
  const shown = known.slice(0, 20).join(', ');
  return `${what}: ${shown}${known.length > 20 ? ', …' : ''}`;
}
