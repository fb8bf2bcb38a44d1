import { LRUCache } from 'lru-cache';
import type { Labels } from './answer.js';

/**
 * What the rows of a vector are about, in their order. Questions that are asked again and again mostly get the same rows
 * with other values: these answers have the layout of the one before, which is one object then, so that what others make
 * of its labels is made once.
 */
export interface Layout {
  readonly labels: readonly Labels[];
  /** Beginnings of rows as the source writes them, up to the time, one behind the other: `{"metric":{"a":"b"},"value":[`. */
  readonly text: DataView;
  /** Where each beginning ends in the text. */
  readonly ends: Uint32Array;
}

export const NO_LAYOUT: Layout = { labels: [], text: new DataView(new ArrayBuffer(0)), ends: new Uint32Array(0) };

/**
 * @param before what it begins like
 * @param labels of all rows
 * @param places where the beginnings of the rows that are not as before begin and end in the answer
 */
export function newLayout(
  before: Layout,
  labels: readonly Labels[],
  answer: Uint8Array,
  places: readonly number[],
): Layout {
  const ends = new Uint32Array(labels.length);
  const same = labels.length - places.length / 2;
  ends.set(before.ends.subarray(0, same));
  const shared = same === 0 ? 0 : (ends[same - 1] as number);
  let length = shared;
  for (let row = same, place = 0; row < labels.length; row += 1, place += 2) {
    length += (places[place + 1] as number) - (places[place] as number);
    ends[row] = length;
  }
  const text = new Uint8Array(length);
  text.set(bytesOf(before.text).subarray(0, shared));
  for (let place = 0, at = shared; place < places.length; place += 2) {
    const beginning = answer.subarray(places[place], places[place + 1]);
    text.set(beginning, at);
    at += beginning.length;
  }
  return { labels, text: viewOf(text), ends };
}

export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The layout of the last answer to each question. */
export interface Layouts {
  of(promql: string): Layout | undefined;
  keep(promql: string, layout: Layout): void;
}

/** Bound on the texts of all of them; the labels take about three times as much where nothing else keeps them. */
const MAX_BYTES = 8 * 2 ** 20;
/** What is not asked again within this is forgotten. */
const TTL_MS = 120_000;

export function createLayouts(maxBytes = MAX_BYTES): Layouts {
  const kept = new LRUCache<string, Layout>({
    maxSize: maxBytes,
    ttl: TTL_MS,
    ttlResolution: 0,
    updateAgeOnGet: true,
    sizeCalculation: ({ text }, promql) => text.byteLength + promql.length,
  });
  return {
    of: (promql) => kept.get(promql),
    keep(promql, layout) {
      if (layout.labels.length > 0 && kept.peek(promql) !== layout) kept.set(promql, layout);
    },
  };
}
