import { requestsOf } from '../../support/event-world.js';
import { post } from '../measure.js';
import { END_MS, ERROR_RECORD, FLEET, RATIO_RECORD, TOTAL_RECORD } from './history.js';

/** What one evaluation of one SLO asks, in the way of another tool. */
export interface Rival {
  readonly name: string;
  queries(service: string): readonly string[];
}

const WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d', '30d'] as const;
const RAW_WINDOWS = WINDOWS.filter((window) => window !== '30d');

const errors = (service: string) => requestsOf(FLEET, service, ',response_code=~"5.."');
const total = (service: string) => requestsOf(FLEET, service);
const quotient = (service: string, read: string, window: string) =>
  `sum(${read}(${errors(service)}[${window}])) / sum(${read}(${total(service)}[${window}]))`;

export const rivals: readonly Rival[] = [
  { name: 'direct', queries: (service) => WINDOWS.map((window) => quotient(service, 'increase', window)) },
  {
    // Seven recorded windows, and the period from what the shortest recorded.
    name: 'sloth',
    queries: (service) => {
      const record = `${RATIO_RECORD}{sloth_id="${service}"}[30d]`;
      return [
        ...RAW_WINDOWS.map((window) => quotient(service, 'rate', window)),
        `sum_over_time(${record}) / count_over_time(${record})`,
      ];
    },
  },
  {
    // The period alone; its burn rates would come on top.
    name: 'pyrra',
    queries: (service) => [`sum(increase(${total(service)}[30d]))`, `sum(increase(${errors(service)}[30d]))`],
  },
  {
    name: 'pyrra-fast',
    queries: (service) =>
      [TOTAL_RECORD, ERROR_RECORD].map((record) => `sum(sum_over_time(${record}{slo="${service}"}[30d:5m]))`),
  },
];

/** Asks four at a time; the sum of the samples that the answers say were read. */
export async function askAll(url: string, queries: readonly string[]): Promise<number> {
  const waiting = [...queries];
  let samples = 0;
  const worker = async () => {
    for (let query = waiting.pop(); query !== undefined; query = waiting.pop()) {
      const body = new URLSearchParams({ query, time: String(END_MS / 1_000), stats: 'all' }).toString();
      const answer = await post(`${url}/api/v1/query`, body, 'application/x-www-form-urlencoded');
      const read = JSON.parse(answer) as { data: { stats: { samples: { totalQueryableSamples: number } } } };
      samples += read.data.stats.samples.totalQueryableSamples;
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return samples;
}
