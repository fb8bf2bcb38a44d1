import { formatDuration } from '../../domain/duration.js';
import { SourceError } from '../../domain/errors.js';
import type { Finding, FindingLevel, FindingTopic } from '../../domain/finding.js';
import type { ReadContext } from '../../domain/ports.js';
import { exporterOf } from '../family.js';
import type { ClusterSelectors } from '../prometheus/cluster-slices.js';
import type { Planner } from '../prometheus/planner.js';
import { type Matchers, selector } from '../prometheus/promql.js';
import { exporterFindings } from './exporters.js';
import { idleSelector, labelFindings } from './labels.js';

type Sources = Pick<Planner, 'slices' | 'dataSourceOf' | 'status' | 'clockOffset' | 'metricNames' | 'instant'>;

/** Beyond it the newest samples are missed, or the newest instants are empty. */
const MAX_SKEW_MS = 2_000;

/**
 * Examines what a cluster is read from: whether it answers and what it is, its clock, its exporters, its labels, its
 * scrapes, its proxies. At most ten cheap PromQL. Never rejects for a failing source.
 */
export async function examineCluster(
  planner: Sources,
  cluster: string,
  atMs: number,
  context: ReadContext,
): Promise<readonly Finding[]> {
  const source = planner.dataSourceOf(cluster);
  const found = (topic: FindingTopic, level: FindingLevel, message: string, advice: string | null = null): Finding => ({
    level,
    topic,
    cluster,
    message,
    advice,
    fields: [],
  });
  const { reachable, error, kind, version, latencySeconds } = await planner.status(source.name);
  if (!reachable) {
    const advice = 'see whether it runs, and url, credentials, tls and timeout of this cluster';
    return [
      found(
        'reach',
        'ERROR',
        `its Prometheus does not answer: ${(error ?? '').replace(`${source.name}: `, '')}`,
        advice,
      ),
    ];
  }
  const what = [kind ?? 'a source that does not say what it is', version].filter((text) => text !== null).join(' ');
  const reach = found('reach', 'OK', `${what} answers within ${Math.round((latencySeconds ?? 0) * 1_000)} ms`);
  const match = source.clusters.find(({ name }) => name === cluster)?.match ?? {};
  const rest = await Promise.all([
    clockFinding(),
    guarded('exporter', async () => seriesFindings(await planner.metricNames(source.name, match, atMs, context))),
  ]);
  return [reach, ...rest.flat()];

  async function clockFinding(): Promise<readonly Finding[]> {
    const clock = await planner.clockOffset(source.name);
    if (clock === null) return [found('clock', 'WARNING', 'it does not tell its time, so that its clock is not known')];
    const { offsetMs, uncertaintyMs } = clock;
    if (Math.abs(offsetMs) - uncertaintyMs <= MAX_SKEW_MS) {
      return [
        found(
          'clock',
          'OK',
          `its clock agrees with ours to ${formatDuration(Math.ceil((Math.abs(offsetMs) + uncertaintyMs) / 1_000) * 1_000)}`,
        ),
      ];
    }
    const skew = formatDuration(Math.round(Math.abs(offsetMs) / 1_000) * 1_000);
    const side = offsetMs > 0 ? 'ahead of' : 'behind';
    return [found('clock', 'WARNING', `its clock is ${skew} ${side} ours`, 'keep the clocks of both machines by NTP')];
  }

  async function seriesFindings(names: ReadonlySet<string>): Promise<readonly Finding[]> {
    if (names.size === 0) {
      const isMarked = Object.keys(match).length > 0;
      const message = isMarked ? `no series carries ${selector('', match)}` : 'it holds no series of the last hour';
      const advice = isMarked
        ? 'see which labels its series carry; a lone Prometheus does not show its own external_labels: leave match out then'
        : 'see its scrape_configs';
      return [found('exporter', 'ERROR', message, advice)];
    }
    const [slice] = planner.slices([cluster]);
    if (slice === undefined) return [];
    const { read, idle } = await selectedNames(names, slice.selectors);
    const [labels, scrapes, proxies] = await Promise.all([
      guarded('labels', () => labelFindings({ planner, slice, cluster, atMs, context }, read)),
      guarded('scrapes', () => scrapeFindings(names)),
      guarded('proxies', () => proxyFindings(names)),
    ]);
    return [...exporterFindings(cluster, read), ...idle, ...labels, ...scrapes, ...proxies];
  }

  /** The metrics that are read where the configuration selects series of exporters. */
  async function selectedNames(names: ReadonlySet<string>, selectors: ClusterSelectors) {
    const read = new Set(names);
    const idle: Finding[] = [];
    for (const [exporter, wanted] of Object.entries(selectors)) {
      if (Object.keys(wanted).length === 0) continue;
      const kept = await planner.metricNames(source.name, { ...match, ...wanted }, atMs, context);
      const own = [...names].filter((name) => exporterOf(name) === exporter);
      for (const name of own) if (!kept.has(name)) read.delete(name);
      if (own.length === 0 || own.some((name) => read.has(name))) continue;
      idle.push({ topic: 'labels', cluster, ...idleSelector(exporter, wanted) });
    }
    return { read, idle };
  }

  async function scrapeFindings(names: ReadonlySet<string>): Promise<readonly Finding[]> {
    if (!names.has('up')) {
      return [found('scrapes', 'WARNING', 'it has no `up`, so that failing scrapes are not seen', 'send `up` along')];
    }
    const up = selector('up', match);
    const [targets, down] = await Promise.all([rows(`count by (job) (${up})`), rows(`count by (job) (${up} == 0)`)]);
    if (down.size === 0) {
      const count = [...targets.values()].reduce((sum, targetsOfJob) => sum + targetsOfJob, 0);
      return [found('scrapes', 'OK', `all ${count} targets are scraped`)];
    }
    return [...down].sort().map(([job, count]) => {
      const message = `${count} of ${targets.get(job) ?? count} targets of job ${JSON.stringify(job)} cannot be scraped`;
      return found('scrapes', 'WARNING', message, 'see the page /targets of its Prometheus for the cause');
    });
  }

  async function proxyFindings(names: ReadonlySet<string>): Promise<readonly Finding[]> {
    if (!names.has('istio_build')) return [];
    const proxies = selector('istio_build', { ...match, component: 'proxy', pod: { not: '' } } satisfies Matchers);
    const perTarget = `count by (namespace, pod, job, instance) (${proxies})`;
    const twice = (await rows(`count(count by (namespace, pod) (${perTarget}) > 1)`)).get('') ?? 0;
    if (twice === 0) return [found('proxies', 'OK', 'no proxy is scraped twice')];
    const message = `${twice} ${twice === 1 ? 'proxy is' : 'proxies are'} scraped more than once, so that their requests are counted as often`;
    const advice = 'keep one of the ports 15020 and 15090, and one of PodMonitor and annotations';
    return [found('proxies', 'WARNING', message, advice)];
  }

  async function rows(promql: string): Promise<ReadonlyMap<string, number>> {
    const { series } = await planner.instant(source.name, promql, atMs, 1, context);
    return new Map(series.map(({ labels, value }) => [labels.job ?? '', value]));
  }

  async function guarded(topic: FindingTopic, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
    try {
      return await look();
    } catch (failure) {
      if (!(failure instanceof SourceError)) throw failure;
      return [found(topic, 'WARNING', `not known: ${failure.message}`, 'ask again; see the log of its Prometheus')];
    }
  }
}
