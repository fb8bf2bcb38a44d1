import { LRUCache } from 'lru-cache';
import type { Labels } from './answer.js';

/**
 * What the rows of a vector are about, in their order. Questions that are asked again and again mostly get the same rows
 * with other values: these answers have the layout of the one before, which is one object then, so that what others make
 * of its labels is made once.
 */
export interface Layout {
  readonly labels: readonly Labels[];
  /** Labels as the source writes them, those of one row behind those of the other. */
  readonly text: Uint8Array;
  /** Where each row ends in the text. */
  readonly ends: Uint32Array;
}

export const NO_LAYOUT: Layout = { labels: [], text: new Uint8Array(0), ends: new Uint32Array(0) };

/** @param places where the labels of each row begin and end in the answer */
export function newLayout(labels: readonly Labels[], answer: Uint8Array, places: readonly number[]): Layout {
  const ends = new Uint32Array(labels.length);
  let length = 0;
  for (let row = 0; row < labels.length; row += 1) {
    length += (places[2 * row + 1] as number) - (places[2 * row] as number);
    ends[row] = length;
  }
  const text = new Uint8Array(length);
  for (let row = 0; row < labels.length; row += 1) {
    text.set(answer.subarray(places[2 * row], places[2 * row + 1]), row === 0 ? 0 : ends[row - 1]);
  }
  return { labels, text, ends };
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
    updateAgeOnGet: true,
    sizeCalculation: ({ text }, promql) => text.length + promql.length,
  });
  return {
    of: (promql) => kept.get(promql),
    keep(promql, layout) {
      if (layout.labels.length > 0 && kept.peek(promql) !== layout) kept.set(promql, layout);
    },
  };
}
