import { sharing } from './topology.js';

/**
 * How far back a series reaches in the history: SLO and INVENTORY over all of it, RECENT and SPARSE over the last hours
 * only. Inventory hardly changes, and of what is SPARSE there is much: both are written half as often.
 */
export type Tier = 'SLO' | 'INVENTORY' | 'RECENT' | 'SPARSE';

export type Labels = Readonly<Record<string, string>>;

/** One series as its exporter shows it. Its value is a pure function of time. */
export interface Series {
  readonly name: string;
  readonly labels: Labels;
  readonly tier: Tier;
  valueAt(atMs: number): number;
}

export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly series: Series[];
}

export interface TargetOptions {
  readonly cluster: string;
  readonly job: string;
  readonly instance: string;
  /** Labels the scrape adds, beside job and instance. */
  readonly labels: Labels;
  /** As in Prometheus: whose label wins when exporter and scrape both have it. */
  readonly honorLabels: boolean;
  /** The exporter gives its samples explicit times, as cAdvisor does. */
  readonly ownTimes?: boolean;
}

/** One thing that Prometheus scrapes: the families it shows and the labels that the scrape adds. */
export class Target {
  readonly cluster: string;
  readonly job: string;
  readonly honorLabels: boolean;
  readonly ownTimes: boolean;
  /** Every label the scrape adds. */
  readonly labels: Labels;
  private readonly byName = new Map<string, Family>();

  constructor(options: TargetOptions) {
    this.cluster = options.cluster;
    this.job = options.job;
    this.honorLabels = options.honorLabels;
    this.ownTimes = options.ownTimes ?? false;
    const shared = sharing.includes(options.cluster) ? { cluster: options.cluster } : {};
    this.labels = { ...options.labels, ...shared, job: options.job, instance: options.instance };
  }

  get families(): readonly Family[] {
    return [...this.byName.values()];
  }

  get path(): string {
    return `/${this.cluster}/${this.job}/${this.labels.instance}`;
  }

  counter(name: string, labels: Labels, valueAt: (atMs: number) => number, tier: Tier = 'RECENT'): void {
    this.family(name, 'counter').series.push({ name, labels, tier, valueAt });
  }

  gauge(name: string, labels: Labels, value: number | ((atMs: number) => number), tier: Tier = 'RECENT'): void {
    const valueAt = typeof value === 'number' ? () => value : value;
    this.family(name, 'gauge').series.push({ name, labels, tier, valueAt });
  }

  /** A classic histogram. `upTo` gives the events at or below a bound, a text as the exporter writes it. */
  histogram(
    name: string,
    labels: Labels,
    shape: {
      readonly bounds: readonly string[];
      readonly upTo: (bound: string, atMs: number) => number;
      readonly sumAt: (atMs: number) => number;
      readonly tierOf?: (bound: string) => Tier;
    },
  ): void {
    const { series } = this.family(name, 'histogram');
    const tierOf = shape.tierOf ?? (() => 'RECENT' as const);
    for (const le of [...shape.bounds, '+Inf']) {
      const valueAt = (atMs: number) => shape.upTo(le, atMs);
      series.push({ name: `${name}_bucket`, labels: { ...labels, le }, tier: tierOf(le), valueAt });
    }
    series.push({ name: `${name}_sum`, labels, tier: 'RECENT', valueAt: shape.sumAt });
    const total = (atMs: number) => shape.upTo('+Inf', atMs);
    series.push({ name: `${name}_count`, labels, tier: tierOf('+Inf'), valueAt: total });
  }

  private family(name: string, type: Family['type']): Family {
    let family = this.byName.get(name);
    if (family === undefined) {
      family = { name, type, series: [] };
      this.byName.set(name, family);
    }
    return family;
  }
}

/** The labels under which Prometheus keeps a series that it scrapes from a target. */
export function storedLabels(target: Target, series: Series): Labels {
  const stored: Record<string, string> = { ...target.labels, __name__: series.name };
  for (const [name, value] of Object.entries(series.labels)) {
    const clashes = name in target.labels;
    // An empty label of the exporter is no label, and so never wins over the scrape's.
    if (clashes && target.honorLabels) stored[name] = value === '' ? (stored[name] as string) : value;
    else if (clashes && value !== '') stored[`exported_${name}`] = value;
    else if (!clashes) stored[name] = value;
  }
  return Object.fromEntries(Object.entries(stored).filter(([, value]) => value !== ''));
}

/** The target's page at an instant, in the text format 0.0.4. */
export function exposition(target: Target, atMs: number): string {
  const time = target.ownTimes ? ` ${atMs}` : '';
  const lines: string[] = [];
  for (const { name, type, series } of target.families) {
    lines.push(`# TYPE ${name} ${type}`);
    for (const one of series) lines.push(`${one.name}${labelText(one.labels)} ${one.valueAt(atMs)}${time}`);
  }
  return `${lines.join('\n')}\n`;
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
