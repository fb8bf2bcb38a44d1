import { encodeLabels, type Sample, WriteBatch } from '../../src/demo/remote-write.js';
import { amount, type Flow, hash, nameOf, phaseOf } from '../../src/demo/waves.js';

/** A microservice whose requests are counted by Istio, pod by pod. */
export interface ServiceModel {
  readonly name: string;
  readonly perSecond: number;
  readonly pods: number;
  /** A share of the requests, or so many over the whole history, at irregular times. */
  readonly errors: { readonly ratio: number } | { readonly count: number };
  /** While it lasts, this share of the requests fails besides. */
  readonly incident?: { readonly fromMs: number; readonly toMs: number; readonly ratio: number };
}

export interface WorldModel {
  /** Told apart by their `destination_service_namespace`. */
  readonly namespace: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly scrapeMs: number;
  readonly services: readonly ServiceModel[];
  /** How often all pods of a service are replaced by new ones. Default: never. */
  readonly rolloutMs?: number;
  /** Whether every second pod restarts once in its life, its counters with it. */
  readonly restarts?: boolean;
  /** One scrape in so many is missed; one pod in three is not scraped for 25 minutes of its life. */
  readonly missedScrapes?: number;
  /** Nothing is scraped at all. */
  readonly outages?: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** Whether series that end are marked as ended, as by a Prometheus that scrapes. */
  readonly staleMarkers?: boolean;
}

export interface TrueEvents {
  readonly bad: number;
  readonly total: number;
}

/**
 * Request counters as they are met: they swing with the day, error series begin with their first error, pods come, go and
 * restart, scrapes have phases and are missed. Every sample is a pure function of series and time, so that the events that
 * really happened are known, those that no scrape saw included.
 */
export interface EventWorld {
  truth(service: string, fromMs: number, toMs: number): TrueEvents;
  /**
   * Writes the history, in the order of time. Returns how many samples.
   * @param beside adds other series of the same stretch
   */
  push(url: string, beside?: (batch: WriteBatch, fromMs: number, toMs: number) => void): Promise<number>;
}

export const ISTIO_COUNTER = 'istio_requests_total';

/** The selector of a service's requests, `istio_requests_total{...}`. */
export function requestsOf(namespace: string, service: string, tests = ''): string {
  const names = `destination_service_namespace="${namespace}",destination_service_name="${service}"`;
  return `${ISTIO_COUNTER}{reporter="destination",${names}${tests}}`;
}

export function createEventWorlds(models: readonly WorldModel[]): EventWorld {
  const worlds = models.map((model) => ({ model, pods: model.services.flatMap((service) => podsOf(model, service)) }));
  return {
    truth(service, fromMs, toMs) {
      let bad = 0;
      let good = 0;
      for (const { service: owner, startMs, endMs, count } of worlds.flatMap(({ pods }) => pods)) {
        if (owner !== service) continue;
        const from = Math.min(Math.max(startMs, fromMs), endMs);
        const to = Math.min(Math.max(startMs, toMs), endMs);
        bad += count('503', to) - count('503', from);
        good += count('200', to) - count('200', from);
      }
      return { bad, total: good + bad };
    },
    async push(url, beside = () => undefined) {
      const fromMs = Math.min(...models.map((model) => model.fromMs));
      const toMs = Math.max(...models.map((model) => model.toMs));
      let written = 0;
      // A Prometheus takes samples up to an hour older than its newest.
      for (let at = fromMs; at < toMs; at += HOUR_MS) {
        const batch = new WriteBatch();
        for (const { model, pods } of worlds) {
          for (const pod of pods) {
            for (const code of ['200', '503'] as const) {
              const samples = samplesOf(model, pod, code, at, Math.min(at + HOUR_MS, toMs));
              if (samples.length > 0) batch.add(pod.labels[code], samples);
            }
          }
        }
        beside(batch, at, Math.min(at + HOUR_MS, toMs));
        written += batch.samples;
        await batch.send(url);
      }
      return written;
    },
  };
}

const HOUR_MS = 3_600_000;
const GAP_MS = 25 * 60_000;

type Code = '200' | '503';

interface Pod {
  /** The namespace and name of its service. */
  readonly service: string;
  readonly name: string;
  readonly labels: Readonly<Record<Code, Buffer>>;
  readonly startMs: number;
  readonly endMs: number;
  readonly restartMs: number | null;
  readonly gapMs: number | null;
  readonly phaseMs: number;
  /** Requests since the beginning of the world. */
  count(code: Code, atMs: number): number;
}

function podsOf(model: WorldModel, service: ServiceModel): readonly Pod[] {
  const { fromMs, toMs, rolloutMs = toMs - fromMs } = model;
  const shiftMs = rolloutMs < toMs - fromMs ? hash(service.name) % Math.floor(rolloutMs / 2) : 0;
  const starts = [fromMs];
  for (let at = fromMs + rolloutMs - shiftMs; at < toMs; at += rolloutMs) starts.push(at);
  const errors = 'count' in service.errors ? errorTimes(model, service.name, service.errors.count) : null;
  return starts.flatMap((startMs, generation) =>
    Array.from({ length: service.pods }, (_, index) => {
      const name = `${service.name}-${nameOf(`${service.name}/${generation}`, 9)}-${nameOf(`${generation}/${index}`, 5)}`;
      const life = { name, startMs, endMs: starts[generation + 1] ?? toMs, index };
      return podOf(model, service, life, errors);
    }),
  );
}

function podOf(
  model: WorldModel,
  service: ServiceModel,
  life: { name: string; startMs: number; endMs: number; index: number },
  errors: readonly number[] | null,
): Pod {
  const { namespace, fromMs, scrapeMs, restarts = false, missedScrapes = 0 } = model;
  const { name, startMs, endMs, index } = life;
  const flow: Flow = { perSecond: service.perSecond / service.pods, swing: 0.5, phase: phaseOf(service.name) };
  const own = errors?.filter((_, at) => hash(`${service.name}#${at}`) % service.pods === index) ?? null;
  const { ratio } = 'ratio' in service.errors ? service.errors : { ratio: 0 };
  const { incident } = service;
  const seed = hash(`${namespace}/${name}`);
  const within = (share: number) => startMs + Math.floor((endMs - startMs) * (0.2 + 0.6 * share));
  const labels = (code: Code) =>
    encodeLabels({
      __name__: ISTIO_COUNTER,
      reporter: 'destination',
      destination_service_namespace: namespace,
      destination_service_name: service.name,
      response_code: code,
      pod: name,
      job: 'istio-proxies',
    });
  return {
    service: `${namespace}/${service.name}`,
    name,
    labels: { 200: labels('200'), 503: labels('503') },
    startMs,
    endMs,
    restartMs: restarts && seed % 2 === 0 ? within((seed % 997) / 997) : null,
    gapMs: missedScrapes > 0 && seed % 3 === 0 ? within((seed % 991) / 991) : null,
    phaseMs: seed % scrapeMs,
    count(code, atMs) {
      if (code === '503' && own !== null) return countUpTo(own, atMs);
      const requests = amount(flow, fromMs, atMs);
      if (code === '200') return Math.floor(requests);
      const during = incident === undefined ? 0 : amount(flow, incident.fromMs, Math.min(atMs, incident.toMs));
      return Math.floor(requests * ratio + during * (incident?.ratio ?? 0));
    },
  };
}

function samplesOf(model: WorldModel, pod: Pod, code: Code, fromMs: number, toMs: number): readonly Sample[] {
  const { scrapeMs, outages = [], staleMarkers = false, missedScrapes = 0 } = model;
  const { startMs, endMs, restartMs, gapMs, phaseMs, name } = pod;
  const samples: Sample[] = [];
  // A service that ends is seen to be gone at its next scrape.
  const lastMs = endMs < model.toMs ? endMs + scrapeMs : endMs;
  if (fromMs > lastMs || toMs < startMs) return samples;
  const first = Math.ceil((fromMs - phaseMs) / scrapeMs);
  for (let scrape = first; scrape * scrapeMs + phaseMs < toMs; scrape += 1) {
    const at = scrape * scrapeMs + phaseMs;
    if (at < startMs || at >= lastMs) continue;
    if (outages.some((outage) => at >= outage.fromMs && at < outage.toMs)) continue;
    if (gapMs !== null && at >= gapMs && at < gapMs + GAP_MS) continue;
    if (missedScrapes > 0 && hash(`${name}@${scrape}`) % missedScrapes === 0) continue;
    if (at >= endMs) {
      if (staleMarkers && shownBy(pod, code, endMs - 1) > 0) samples.push([at, Number.NaN]);
      continue;
    }
    const value = shownBy(pod, code, at);
    // A series is born with its first request, and is gone until the next when its pod restarts.
    if (value > 0) samples.push([at, value]);
    else if (staleMarkers && restartMs !== null && at >= restartMs && at < restartMs + scrapeMs) {
      if (shownBy(pod, code, restartMs - 1) > 0) samples.push([at, Number.NaN]);
    }
  }
  return samples;
}

/** What the counter shows: requests since the process began. */
function shownBy({ startMs, restartMs, count }: Pod, code: Code, atMs: number): number {
  const bornMs = restartMs !== null && atMs >= restartMs ? restartMs : startMs;
  return count(code, atMs) - count(code, bornMs);
}

function errorTimes({ fromMs, toMs }: WorldModel, name: string, count: number): readonly number[] {
  const eachMs = (toMs - fromMs) / count;
  return Array.from({ length: count }, (_, at) => fromMs + eachMs * (at + (hash(`${name}!${at}`) % 1_000) / 1_000));
}

function countUpTo(times: readonly number[], atMs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
