import type { Unit } from './metric.js';

const number = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 4 });
const count = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

const UNIT_WORDS: Readonly<Record<Unit, string>> = {
  RATIO: '',
  SECONDS: ' s',
  CORES: ' cores',
  BYTES: ' bytes',
  BYTES_PER_SECOND: ' bytes/s',
  REQUESTS_PER_SECOND: ' requests/s',
  COUNT: '',
  PER_SECOND: '/s',
  TOKENS_PER_SECOND: ' tokens/s',
  CELSIUS: ' °C',
  WATTS: ' W',
  HERTZ: ' Hz',
};

/** For people: four significant digits. */
export function inWords(value: number): string {
  return number.format(value);
}

/** Events are whole for people, even where a counter was extrapolated: `1,234`. */
export function eventsInWords(events: number): string {
  return Math.abs(events) < 10 ? number.format(events) : count.format(events);
}

/** `63.12 %` of 0.6312. */
export function percentInWords(ratio: number): string {
  return `${number.format(ratio * 100)} %`;
}

/** `0.25 s`; the bare number where the unit has no word, or is not known. */
export function valueInWords(value: number, unit: Unit | null): string {
  return `${number.format(value)}${unit === null ? '' : UNIT_WORDS[unit]}`;
}

/** `2026-01-15T12:00:00Z` */
export function instantInWords(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
