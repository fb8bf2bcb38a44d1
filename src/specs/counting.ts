import { nearest } from '../domain/nearest.js';
import { type CountingConditions, type CountingHours, countsAlways } from '../domain/slo.js';
import type { Annotations } from './annotations.js';
import type { SpecNode } from './spec-node.js';
import { isTimeZone } from './time-window.js';

/** What the annotation `conditions` says. */
export interface Conditions {
  /** As it was written, one each. */
  readonly lines: readonly string[];
  readonly counting: CountingConditions;
  readonly minEvents: number | null;
  readonly minFailures: number | null;
}

const KEYS = ['hours', 'when', 'min-events', 'min-failures'] as const;
type Key = (typeof KEYS)[number];

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const DAY_MINUTES = 1_440;
const MAX_CHARACTERS = 4_000;

/**
 * Reads the lines of `conditions`: words for readers, and settings that decide what is counted, `;` between them:
 * `min-events=20; hours=Mon-Fri 08:00-18:00 Europe/Berlin; when=PROMQL` (`when` reaches to the end of its line).
 */
export function conditionsIn(annotations: Annotations): Conditions {
  const annotation = annotations.get('conditions');
  if (annotation === undefined) return { lines: [], counting: countsAlways, minEvents: null, minFailures: null };
  const reader = new ConditionsReader(annotation.node);
  if (annotation.text.length > MAX_CHARACTERS) {
    annotation.node.report(`expected up to ${MAX_CHARACTERS} characters, got ${annotation.text.length}; shorten it`);
    return { lines: [], counting: countsAlways, minEvents: null, minFailures: null };
  }
  let offset = 0;
  for (const line of annotation.text.split('\n')) {
    reader.line(line, offset);
    offset += line.length + 1;
  }
  const { lines, hours, when, numbers } = reader;
  return {
    lines,
    counting: { hours, when },
    minEvents: numbers.get('min-events') ?? null,
    minFailures: numbers.get('min-failures') ?? null,
  };
}

class ConditionsReader {
  readonly lines: string[] = [];
  readonly hours: CountingHours[] = [];
  when: CountingConditions['when'] = null;
  readonly numbers = new Map<Key, number>();

  constructor(private readonly node: SpecNode) {}

  line(line: string, offset: number): void {
    const text = line.trim();
    if (text === '') return;
    let rest = line;
    const found: string[] = [];
    for (;;) {
      const match = /^[\s;]*([a-z][a-z-]*)\s*=\s*/.exec(rest);
      const key = KEYS.find((one) => one === match?.[1]);
      if (match === null || key === undefined) break;
      const from = match[0].length;
      const end = key === 'when' ? -1 : rest.indexOf(';', from);
      const value = rest.slice(from, end === -1 ? undefined : end).trim();
      this.setting(key, value, offset + line.length - rest.length + from);
      found.push(`${key}=${value}`);
      rest = end === -1 ? '' : rest.slice(end + 1);
    }
    const words = rest.trim();
    this.lines.push(...found);
    if (words === '') return;
    this.lines.push(words);
    const near = nearest(/^([a-z][a-z-]*)\s*=/.exec(words)?.[1] ?? '-', KEYS);
    if (found.length > 0 || near !== null) {
      this.node.report(
        `"${words}" is no condition; ${near === null ? `conditions are ${KEYS.join('=, ')}=` : `did you mean "${near}="?`}`,
      );
    }
  }

  private setting(key: Key, value: string, offset: number): void {
    if (key === 'hours') {
      this.hours.push(...(hoursOf(value, this.node) ?? []));
    } else if (this.numbers.has(key) || (key === 'when' && this.when !== null)) {
      this.node.report(`the condition ${key}= is given twice; keep one of them`);
    } else if (key === 'when') {
      const { line, column } = this.node.place(offset);
      if (value === '') this.node.report('when= is empty; expected PromQL that must be above 0');
      else this.when = { text: value, path: this.node.path, line, column };
    } else if (/^\d{1,15}$/.test(value)) {
      this.numbers.set(key, Number(value));
    } else {
      this.node.report(`${key}=${value}: expected a whole number, 0 or more`);
    }
  }
}

/** `Mon-Fri,Sun 08:00-12:00,13:00-18:00 Europe/Berlin`; a span that ends before it begins ends on the next day. */
function hoursOf(text: string, node: SpecNode): readonly CountingHours[] | null {
  const wrong = (what: string) =>
    node.report(`hours=${text}: expected ${what}, like hours=Mon-Fri 08:00-18:00 Europe/Berlin`);
  const [dayText = '', spanText = '', timeZone = '', ...more] = text.split(/\s+/);
  const days = daysOf(dayText);
  if (days === null) return wrong('days by Mon Tue Wed Thu Fri Sat Sun');
  const spans = spanText.split(',').map(spanOf);
  if (!spans.every((span) => span !== null)) return wrong('times from 00:00 to 24:00 after the days');
  if (more.length > 0 || !isTimeZone(timeZone)) return wrong('a time zone by its IANA name at the end');
  return spans.map((span) => ({ days, ...span, timeZone }));
}

function daysOf(text: string): readonly number[] | null {
  const days = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const [first = '', last = first, ...more] = part.split('-');
    const from = DAYS.indexOf(first);
    const to = DAYS.indexOf(last);
    if (from === -1 || to === -1 || more.length > 0) return null;
    for (let day = from; ; day = (day + 1) % DAYS.length) {
      days.add(day + 1);
      if (day === to) break;
    }
  }
  return [...days].sort((a, b) => a - b);
}

function spanOf(text: string): { readonly fromMinute: number; readonly toMinute: number } | null {
  const match = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(text);
  if (match === null) return null;
  const [fromHour, fromRest, toHour, toRest] = match.slice(1).map(Number) as [number, number, number, number];
  const fromMinute = fromHour * 60 + fromRest;
  const toMinute = toHour * 60 + toRest;
  if (fromRest > 59 || toRest > 59 || fromMinute >= DAY_MINUTES || toMinute > DAY_MINUTES) return null;
  return { fromMinute, toMinute: toMinute > fromMinute ? toMinute : toMinute + DAY_MINUTES };
}
