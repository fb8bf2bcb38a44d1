import { expect, it } from 'vitest';
import { targetsOf } from '../../../src/demo/cloud.js';
import { writeHistory } from '../../../src/demo/history.js';
import { Timeline } from '../../../src/demo/incidents.js';
import { createWorld } from '../../../src/demo/world.js';
import { startPrometheus, T0 } from '../../support/prometheus.js';
import { openSources } from '../sources/reading.js';

const JOBS = ['kube-state-metrics', 'vllm', 'triton', 'kserve', 'ray', 'epp'];
const FIGURES = [
  'timeToFirstToken',
  'interTokenLatency',
  'queueTime',
  'endToEndLatency',
  'tokenThroughput',
  'requestsRunning',
  'requestsWaiting',
  'cacheUtilization',
] as const;

/** The figures that some model of a cluster has, by server. */
async function knownOf(cluster: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const afterMs = T0 - 1_800_000;
  const all = targetsOf(createWorld(afterMs, new Timeline([])));
  const targets = all.filter((target) => target.cluster === cluster && JOBS.includes(target.job));
  const prometheus = await startPrometheus();
  await writeHistory({ url: prometheus.url, targets, afterMs }, T0, () => {});
  const { facet, figure } = openSources([{ name: cluster, url: prometheus.url }]);
  const servers = await facet('inferenceServers');
  const known = [...servers].map(async ([key, { server }]) => {
    const figures = await Promise.all(
      FIGURES.map(async (name) => ((await figure(`inference.${name}`, key)).value === null ? [] : [name])),
    );
    return [server, figures.flat()] as const;
  });
  return Object.fromEntries(await Promise.all(known));
}

it('has a model server of every kind, each with the figures that it tells', async () => {
  expect(await knownOf('edge-seoul')).toEqual({
    triton: ['timeToFirstToken', 'requestsWaiting'],
    kserve: ['endToEndLatency'],
    'ray-serve': ['endToEndLatency', 'requestsRunning', 'requestsWaiting'],
  });
  expect(await knownOf('cloud-core')).toEqual({ vllm: FIGURES, 'inference-gateway': FIGURES });
});
