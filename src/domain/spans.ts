/** Stretches of time in milliseconds, each (from, to], ascending, none touching another: from, to, from, to, … */
export type Spans = readonly number[];

/** The union with one more stretch. */
export function withSpan(spans: Spans, fromMs: number, toMs: number): Spans {
  if (fromMs >= toMs) return spans;
  const last = spans.length - 1;
  // Nearly always the newest stretch grows.
  if (last > 0 && fromMs <= (spans[last] as number) && fromMs >= (spans[last - 1] as number)) {
    return toMs <= (spans[last] as number) ? spans : [...spans.slice(0, last), toMs];
  }
  const joined: number[] = [];
  let from = fromMs;
  let to = toMs;
  let placed = false;
  for (let index = 0; index < spans.length; index += 2) {
    const start = spans[index] as number;
    const end = spans[index + 1] as number;
    if (end < from) joined.push(start, end);
    else if (start > to) {
      if (!placed) joined.push(from, to);
      placed = true;
      joined.push(start, end);
    } else {
      from = Math.min(from, start);
      to = Math.max(to, end);
    }
  }
  if (!placed) joined.push(from, to);
  return joined;
}

/** What is left without a stretch. */
export function withoutSpan(spans: Spans, fromMs: number, toMs: number): Spans {
  if (fromMs >= toMs) return spans;
  const left: number[] = [];
  for (let index = 0; index < spans.length; index += 2) {
    const start = spans[index] as number;
    const end = spans[index + 1] as number;
    if (start < Math.min(end, fromMs)) left.push(start, Math.min(end, fromMs));
    if (Math.max(start, toMs) < end) left.push(Math.max(start, toMs), end);
  }
  return left;
}

/** The parts of a stretch that are not in the spans. */
export function missingOf(spans: Spans, fromMs: number, toMs: number): Spans {
  const missing: number[] = [];
  let at = fromMs;
  for (let index = 0; index < spans.length && at < toMs; index += 2) {
    const start = spans[index] as number;
    const end = spans[index + 1] as number;
    if (end <= at) continue;
    if (start > at) missing.push(at, Math.min(start, toMs));
    at = end;
  }
  if (at < toMs) missing.push(at, toMs);
  return missing;
}

/** Whether a stretch lies within the spans. */
export function covers(spans: Spans, fromMs: number, toMs: number): boolean {
  if (fromMs >= toMs) return true;
  for (let index = spans.length - 2; index >= 0; index -= 2) {
    if ((spans[index] as number) <= fromMs) return (spans[index + 1] as number) >= toMs;
  }
  return false;
}

/** Length of all stretches together, in milliseconds. */
export function lengthOf(spans: Spans): number {
  let length = 0;
  for (let index = 0; index < spans.length; index += 2)
    length += (spans[index + 1] as number) - (spans[index] as number);
  return length;
}
