import { nearest } from '../domain/nearest.js';

/** `; did you mean "port"?`, or what is known when nothing is close. */
export function suggestion(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return meant === null ? `; known here: ${known.join(', ')}` : `; did you mean "${meant}"?`;
}
