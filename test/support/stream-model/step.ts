import type { Deed } from './model-log.js';

/** One thing that happens in a sequence; it makes sense whatever happened before. */
export type Step =
  | { readonly do: 'append'; readonly deeds: readonly Deed[] }
  /** One append after the other while the steps that follow go on. */
  | { readonly do: 'rush'; readonly appends: readonly (readonly Deed[])[] }
  | { readonly do: 'connect' | 'goodbye' | 'cut'; readonly who: number }
  /** Everybody connects who is not. */
  | { readonly do: 'gather' }
  | { readonly do: 'forget'; readonly who: number; readonly saves: number }
  /** The log keeps so many events, or those that are as young as the last so many. */
  | { readonly do: 'expire'; readonly keep: number; readonly by: 'count' | 'age' }
  /** Turns of the event loop in which whatever is under way goes on. */
  | { readonly do: 'breathe'; readonly turns: number }
  /** Everybody who is connected catches up. */
  | { readonly do: 'settle' }
  | { readonly do: 'restart' }
  /** The store is lost, and an empty one takes its place. */
  | { readonly do: 'replace' }
  /** In the middle of appends: when so many of them were acknowledged, after some microseconds more. */
  | { readonly do: 'kill'; readonly appends: readonly (readonly Deed[])[]; readonly acks: number; readonly us: number };
