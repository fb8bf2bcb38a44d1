const UNIT_MS: readonly (readonly [string, number])[] = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

const PROMETHEUS = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const ISO = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/;

/**
 * Reads a Prometheus duration (`1h30m`, `5m`, `30d`) or an ISO 8601 one (`PT5M`, `P1D`), in milliseconds.
 * A year is 365 days and a day 24 hours, as in PromQL. Months and ISO years are refused: their length is not fixed.
 * @throws RangeError when the text is neither
 * @see https://prometheus.io/docs/prometheus/latest/querying/basics/#time-durations
 */
export function parseDuration(text: string): number {
  const negative = text.startsWith('-');
  const body = negative ? text.slice(1) : text;
  const milliseconds = body === '0' ? 0 : (fromPrometheus(body) ?? fromIso(body));
  if (milliseconds === null || !Number.isSafeInteger(milliseconds)) {
    throw new RangeError(`"${text}" is not a duration; write it like 5m, 1h30m, 30d or PT5M`);
  }
  return negative && milliseconds !== 0 ? -milliseconds : milliseconds;
}

/**
 * Writes milliseconds as a Prometheus duration, canonically: `d h m s ms`, largest first, `-` in front when negative.
 * @throws RangeError when `milliseconds` is not a whole number
 */
export function formatDuration(milliseconds: number): string {
  if (!Number.isSafeInteger(milliseconds))
    throw new RangeError(`a duration is whole milliseconds, got ${milliseconds}`);
  if (milliseconds === 0) return '0s';
  let rest = Math.abs(milliseconds);
  let text = milliseconds < 0 ? '-' : '';
  for (const [unit, size] of UNIT_MS) {
    if (unit === 'y' || unit === 'w') continue;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

function fromPrometheus(text: string): number | null {
  const match = PROMETHEUS.exec(text);
  if (match === null || text === '') return null;
  return UNIT_MS.reduce((sum, [, size], index) => sum + Number(match[index + 1] ?? 0) * size, 0);
}

function fromIso(text: string): number | null {
  const match = ISO.exec(text);
  if (match === null || text === 'P' || text.endsWith('T')) return null;
  const [weeks, days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return Math.round(
    (((weeks ?? 0) * 7 + (days ?? 0)) * 86_400 + (hours ?? 0) * 3_600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1_000,
  );
}
