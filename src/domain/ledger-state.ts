import type { StreamState } from './ledger-stream.js';

const VERSION = 1;

/**
 * A stream's state as bytes: numbers of 8 bytes for its head (version, stretches that were read, and of every tier length,
 * end and number of slices) and its counts, then 2 bytes for each slice's mark; all in this machine's order of bytes.
 */
export function encodeState({ answered, tiers }: StreamState): Uint8Array {
  const head = [VERSION, answered.length, ...answered, tiers.length];
  for (const { sliceMs, end, counts } of tiers) head.push(sliceMs, end, counts.length);
  const slices = tiers.reduce((sum, { counts }) => sum + counts.length, 0);
  const bytes = new ArrayBuffer(8 * (head.length + slices) + 2 * slices);
  new Float64Array(bytes, 0, head.length).set(head);
  let at = 8 * head.length;
  for (const { counts } of tiers) {
    new Float64Array(bytes, at, counts.length).set(counts);
    at += 8 * counts.length;
  }
  for (const { marks } of tiers) {
    new Uint16Array(bytes, at, marks.length).set(marks);
    at += 2 * marks.length;
  }
  return new Uint8Array(bytes);
}

/** @throws RangeError for bytes that are no state of this version */
export function decodeState(encoded: Uint8Array): StreamState {
  // A copy begins at a multiple of 8, wherever the bytes came from.
  const { buffer } = Uint8Array.from(encoded);
  let at = 0;
  const number = (): number => {
    const [value] = new Float64Array(buffer, at, 1);
    at += 8;
    return value as number;
  };
  const version = number();
  if (version !== VERSION) throw new RangeError(`the state of a stream has version ${version}, not ${VERSION}`);
  const answered = Array.from({ length: number() }, number);
  const heads = Array.from({ length: number() }, () => ({ sliceMs: number(), end: number(), length: number() }));
  const counts = heads.map(({ length }) => {
    const values = new Float64Array(buffer, at, length);
    at += 8 * length;
    return values;
  });
  const tiers = heads.map(({ sliceMs, end, length }, index) => {
    const marks = new Uint16Array(buffer, at, length);
    at += 2 * length;
    return { sliceMs, end, counts: counts[index] as Float64Array, marks };
  });
  return { answered, tiers };
}
