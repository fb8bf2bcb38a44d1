import type { SliceBlock } from '../domain/ports.js';
import type { LedgerBlockTable } from './sql-tables.js';

/** A block with the numbers of its streams in place of their keys. */
export interface NumberedBlock extends Omit<SliceBlock, 'streams'> {
  readonly streams: readonly (Omit<SliceBlock['streams'][number], 'key'> & { readonly id: number })[];
}

/** Counts of all streams (8 bytes each), numbers of the streams (4), marks of estimates (1), one stream after the other. */
export function encodeBlock({ span, streams }: NumberedBlock): Buffer {
  const slices = slicesOf(span.fromMs, span.toMs, span.sliceMs);
  const bytes = new ArrayBuffer(streams.length * (9 * slices + 4));
  const counts = new Float64Array(bytes, 0, streams.length * slices);
  const ids = new Uint32Array(bytes, counts.byteLength, streams.length);
  const estimated = new Uint8Array(bytes, counts.byteLength + ids.byteLength);
  for (const [index, stream] of streams.entries()) {
    ids[index] = stream.id;
    counts.set(stream.counts, index * slices);
    estimated.set(stream.estimated, index * slices);
  }
  return Buffer.from(bytes);
}

/** @param row its payload may be any view, as drivers give it */
export function decodeBlock(row: Omit<LedgerBlockTable, 'seq' | 'payload'> & { payload: unknown }): NumberedBlock {
  const bytes = bytesOf(row.payload);
  const slices = slicesOf(row.from_ms, row.to_ms, row.slice_ms);
  const length = bytes.byteLength / (9 * slices + 4);
  const counts = new Float64Array(bytes, 0, length * slices);
  const ids = new Uint32Array(bytes, counts.byteLength, length);
  const estimated = new Uint8Array(bytes, counts.byteLength + ids.byteLength);
  return {
    span: { fromMs: row.from_ms, toMs: row.to_ms, sliceMs: row.slice_ms },
    closedMs: row.closed_ms,
    streams: Array.from(ids, (id, index) => ({
      id,
      counts: counts.subarray(index * slices, (index + 1) * slices),
      estimated: estimated.subarray(index * slices, (index + 1) * slices),
    })),
  };
}

/** libsql gives a buffer, and kysely's types say Buffer. */
export function bytesOf(blob: unknown): ArrayBuffer {
  return blob instanceof ArrayBuffer ? blob : Uint8Array.from(blob as Uint8Array).buffer;
}

function slicesOf(fromMs: number, toMs: number, sliceMs: number): number {
  return (toMs - fromMs) / sliceMs;
}
