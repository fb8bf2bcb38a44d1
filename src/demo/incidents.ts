import { amount, type Flow } from './waves.js';

/**
 * What happened in the demo's world, each in one cluster:
 * NOISY_NEIGHBOUR: a batch job takes the processors of the node where the detector runs;
 * OUTAGE: most requests to the aggregator fail;
 * DRILL: the siren is tried, the only use it sees.
 */
export type IncidentKind = 'NOISY_NEIGHBOUR' | 'OUTAGE' | 'DRILL';

export interface Incident {
  readonly kind: IncidentKind;
  readonly cluster: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** How long the noisy neighbour lives. */
export const NOISE_MS = 100_000;

const DAY = 86_400_000;

/** The incidents of the world: a parameter of every sample. Adding one changes samples from its start on, never before. */
export class Timeline {
  private readonly lists = new Map<string, Incident[]>();

  constructor(incidents: readonly Incident[]) {
    for (const incident of incidents) this.add(incident);
  }

  add(incident: Incident): void {
    const key = `${incident.kind}/${incident.cluster}`;
    const list = this.lists.get(key) ?? [];
    list.push(incident);
    this.lists.set(key, list);
  }

  /** Incidents of one kind in one cluster. The list is shared: it grows when one is added. */
  of(kind: IncidentKind, cluster: string): readonly Incident[] {
    const key = `${kind}/${cluster}`;
    let list = this.lists.get(key);
    if (list === undefined) {
      list = [];
      this.lists.set(key, list);
    }
    return list;
  }
}

/** How much has flowed during the incidents, until a time. */
export function amountDuring(flow: Flow, incidents: readonly Incident[], untilMs: number): number {
  let sum = 0;
  for (const { startMs, endMs } of incidents) sum += amount(flow, startMs, Math.min(endMs, untilMs));
  return sum;
}

/** For how many seconds the incidents have lasted, until a time. */
export function secondsOf(incidents: readonly Incident[], untilMs: number): number {
  let sum = 0;
  for (const { startMs, endMs } of incidents) sum += Math.max(0, Math.min(endMs, untilMs) - startMs);
  return sum / 1_000;
}

export function isDuring(incidents: readonly Incident[], atMs: number): boolean {
  return incidents.some(({ startMs, endMs }) => atMs >= startMs && atMs < endMs);
}

/**
 * What happened before the first start: an outage of the aggregator that took more than its budget of a month, and a
 * siren drill. Those before the history begins are left out.
 */
export function pastIncidents(historyFromMs: number, nowMs: number): readonly Incident[] {
  const outage = nowMs - 9 * DAY;
  const drill = nowMs - 12 * DAY;
  const all: Incident[] = [
    { kind: 'OUTAGE', cluster: 'cloud-core', startMs: outage, endMs: outage + 75 * 60_000 },
    { kind: 'DRILL', cluster: 'edge-seoul', startMs: drill, endMs: drill + 300_000 },
  ];
  return all.filter(({ startMs }) => startMs >= historyFromMs);
}

/**
 * The site whose detector is disturbed next: the one whose last disturbance is oldest, so that incidents of starts in
 * quick succession do not add up in one six-hour window.
 */
export function nextVictim(sites: readonly string[], incidents: readonly Incident[]): string {
  const last = (site: string) =>
    Math.max(
      Number.NEGATIVE_INFINITY,
      ...incidents.filter(({ kind, cluster }) => kind === 'NOISY_NEIGHBOUR' && cluster === site).map((i) => i.startMs),
    );
  const [first, ...others] = sites;
  if (first === undefined) throw new RangeError('there is no site to disturb');
  return others.reduce((oldest, site) => (last(site) < last(oldest) ? site : oldest), first);
}
