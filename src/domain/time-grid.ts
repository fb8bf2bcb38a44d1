/**
 * The last instant of the grid at or before `atMs`, so that equal questions share an answer.
 * @param gridMs distance of two instants in milliseconds, above 0
 * @throws RangeError when the grid has no width
 */
export function alignToGrid(atMs: number, gridMs: number): number {
  if (!(gridMs > 0)) throw new RangeError(`a grid is wider than 0 ms, got ${gridMs}`);
  return Math.floor(atMs / gridMs) * gridMs;
}
