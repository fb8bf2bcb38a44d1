import { nearest } from '../domain/nearest.js';

/** `did you mean "indicator"?`, or what there is to choose from. */
export function suggestion(name: string, known: readonly string[], what: string): string {
  const near = nearest(name, known);
  if (near !== null) return `did you mean "${near}"?`;
  if (known.length === 0) return `there is no ${what}`;
  const shown = known.slice(0, 20).join(', ');
  return `${what}: ${shown}${known.length > 20 ? ', …' : ''}`;
}
