import type { CalendarUnit, SloWindow } from '../domain/slo.js';
import type { SpecFields, SpecNode } from './spec-node.js';
import { readDuration, readShorthand } from './values.js';

const DAY_MS = 86_400_000;

/** The window of an SLO that names none, where that is let pass. */
const DEFAULT_MS = 28 * DAY_MS;

const CALENDAR_UNITS: Readonly<Record<string, CalendarUnit>> = {
  d: 'DAY',
  w: 'WEEK',
  M: 'MONTH',
  Q: 'QUARTER',
  Y: 'YEAR',
};

/** A window with its nominal length. */
export interface ReadWindow {
  readonly window: SloWindow;
  readonly windowMs: number;
}

/** Reads `spec.timeWindow`; null when it has errors, which have been reported. */
export function readWindow(spec: SpecFields): ReadWindow | null {
  const what = 'a list with one window, like [{ duration: 30d, isRolling: true }]';
  const node = spec.get('timeWindow');
  if (node === null) {
    if (spec.owner.isStrict) return spec.require('timeWindow', what) as null;
    spec
      .key('timeWindow')
      .report(`"timeWindow" is missing: a rolling window of 28d is taken; write ${what}`, 'WARNING');
    return rolling(DEFAULT_MS);
  }
  const windows = node.items('a list with one window');
  if (windows === null) return null;
  const [window] = windows;
  if (window === undefined || windows.length > 1) {
    return node.report(`expected exactly one time window, got ${windows.length}; write an SLO for each window`);
  }
  const fields = window.fields(
    ['duration', 'isRolling', 'calendar'],
    'a mapping like { duration: 30d, isRolling: true }',
  );
  return fields === null ? null : readOne(fields);
}

function readOne(fields: SpecFields): ReadWindow | null {
  const rollingNode = fields.get('isRolling');
  const isRolling = rollingNode === null ? false : rollingNode.boolean();
  const duration = fields.require('duration', 'a duration like 30d');
  const calendar = fields.get('calendar');
  if (isRolling === null || duration === null) return null;
  if (!isRolling) {
    if (calendar !== null) return readCalendar(duration, calendar);
    return (rollingNode ?? fields.owner).report(
      'expected isRolling: true, or a calendar like { startTime: "2026-01-01 00:00:00", timeZone: Europe/Berlin }',
    );
  }
  const windowMs = readDuration(duration);
  if (calendar !== null) {
    return fields.key('calendar').report('"calendar" cannot stand beside isRolling: true; remove one of them');
  }
  return windowMs === null ? null : rolling(windowMs);
}

function readCalendar(durationNode: SpecNode, node: SpecNode): ReadWindow | null {
  const fields = node.fields(['startTime', 'timeZone'], 'a mapping with startTime and timeZone');
  const duration = readShorthand(durationNode);
  const startTime = readStart(fields?.require('startTime', 'a time like "2026-01-01 00:00:00"') ?? null);
  const timeZone = readTimeZone(fields?.require('timeZone', 'a time zone like Europe/Berlin') ?? null);
  if (duration === null || startTime === null || timeZone === null) return null;
  const unit = CALENDAR_UNITS[duration.unit];
  if (unit === undefined) {
    return durationNode.expected(
      'a calendar window of days, weeks, months, quarters or years (d w M Q Y)',
      duration.unit === 'm' ? `m is a minute; did you mean "${duration.count}M"?` : '',
    );
  }
  const { count, milliseconds } = duration;
  return { window: { kind: 'CALENDAR', unit, count, startTime, timeZone }, windowMs: milliseconds };
}

function rolling(durationMs: number): ReadWindow {
  return { window: { kind: 'ROLLING', durationMs }, windowMs: durationMs };
}

function readStart(node: SpecNode | null): string | null {
  const { scalar } = node ?? {};
  const match = typeof scalar === 'string' ? /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/.exec(scalar) : null;
  const iso = match === null ? null : `${match[1]}T${match[2]}.000Z`;
  const time = iso === null ? Number.NaN : Date.parse(iso);
  // 30 February is read as 2 March: what comes back must be what was written.
  if (!Number.isNaN(time) && new Date(time).toISOString() === iso) return scalar as string;
  return node?.expected('a time like "2026-01-01 00:00:00", by the clock of the time zone') ?? null;
}

function readTimeZone(node: SpecNode | null): string | null {
  const { scalar } = node ?? {};
  if (typeof scalar === 'string' && isTimeZone(scalar)) return scalar;
  return node?.expected('a time zone by its IANA name, like Europe/Berlin or UTC') ?? null;
}

/** Whether a text is the IANA name of a time zone. */
export function isTimeZone(name: string): boolean {
  // Offsets like +09:00 are zones to some engines, but no names.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
