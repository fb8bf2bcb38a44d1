/**
 * Something that flows, in units per second: requests, core seconds, bytes. Its rate swings with the day and ripples
 * within it, and its integral is known in closed form, so that a counter needs no state.
 */
export interface Flow {
  readonly perSecond: number;
  /** Largest daily deviation as a share of `perSecond`, 0..0.6. */
  readonly swing: number;
  /** Radians; tells flows apart that are otherwise alike. */
  readonly phase: number;
}

/** Angular frequency per second, and amplitude as a share of the swing. */
const ripples: readonly (readonly [number, number])[] = [
  [(2 * Math.PI) / 86_400, 1],
  [(2 * Math.PI) / 5_400, 0.35],
  [(2 * Math.PI) / 610, 0.2],
];

/** How much has flowed from one time to another; 0 when they are in the wrong order. */
export function amount(flow: Flow, fromMs: number, toMs: number): number {
  if (toMs <= fromMs) return 0;
  const from = fromMs / 1_000;
  const to = toMs / 1_000;
  let sum = to - from;
  for (const [frequency, share] of ripples) {
    const swung = Math.cos(frequency * from + flow.phase) - Math.cos(frequency * to + flow.phase);
    sum += (flow.swing * share * swung) / frequency;
  }
  return flow.perSecond * sum;
}

/** The rate at an instant, in units per second. */
export function rateAt(flow: Flow, atMs: number): number {
  return flow.perSecond * (1 + flow.swing * wave(atMs, flow.phase));
}

/** A smooth curve within -1.55..1.55 that has the rhythm of the flows. */
export function wave(atMs: number, phase: number): number {
  let sum = 0;
  for (const [frequency, share] of ripples) sum += share * Math.sin((frequency * atMs) / 1_000 + phase);
  return sum;
}

/** The same function, which remembers its last answer: many series of one page ask for one figure at one instant. */
export function remembering<T>(compute: (atMs: number) => T): (atMs: number) => T {
  let lastMs = Number.NaN;
  let last: T | undefined;
  return (atMs) => {
    if (atMs !== lastMs) {
      last = compute(atMs);
      lastMs = atMs;
    }
    return last as T;
  };
}

/** A whole number in [0, 2^32) that depends on the text only (FNV-1a, then mixed so that its low bits are good too). */
export function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  state ^= state >>> 16;
  state = Math.imul(state, 0x85ebca6b);
  state ^= state >>> 13;
  return (Math.imul(state, 0xc2b2ae35) ^ (state >>> 16)) >>> 0;
}

/** A phase in radians that depends on the text only. */
export function phaseOf(text: string): number {
  return (hash(text) / 2 ** 32) * 2 * Math.PI;
}

/** `length` characters of the alphabet Kubernetes makes names from, depending on the text only. */
export function nameOf(text: string, length: number): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return Array.from({ length }, (_, at) => alphabet[hash(`${text}/${at}`) % alphabet.length]).join('');
}

/** A UUID that depends on the text only. */
export function uuidOf(text: string): string {
  const digits = [0, 1, 2, 3].map((part) => hash(`${text}#${part}`).toString(16).padStart(8, '0')).join('');
  return [8, 12, 16, 20, 32].map((end, at, ends) => digits.slice(at === 0 ? 0 : ends[at - 1], end)).join('-');
}
