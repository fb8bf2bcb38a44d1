import { expect, it } from 'vitest';
import type { Inventory } from '../../../src/domain/model.js';
import { ask, type World } from './graph-world.js';

const facts = (server: string, model: string | null, ...pods: readonly string[]) => ({ server, model, pods });

const inventory: Partial<Inventory> = {
  workloads: new Map([
    ['ai/llm-0', { kind: 'StatefulSet', name: 'llm' }],
    ['ai/llm-1', { kind: 'StatefulSet', name: 'llm' }],
    ['ai/other-0', { kind: 'StatefulSet', name: 'other' }],
  ]),
  microservices: new Map([
    ['ai/llm', { namespace: 'ai', name: 'llm', workloads: [{ namespace: 'ai', name: 'llm' }] }],
    ['ai/web', { namespace: 'ai', name: 'web', workloads: [{ namespace: 'ai', name: 'web' }] }],
  ]),
  inferenceServers: new Map([
    ['ai/llm/vllm/meta/llama', facts('vllm', 'meta/llama', 'ai/llm-0', 'ai/llm-1')],
    ['ai/llm/triton/resnet', facts('triton', 'resnet', 'ai/llm-1')],
    ['ai/other/vllm/meta/llama', facts('vllm', 'meta/llama', 'ai/other-0')],
  ]),
};
const world: World = {
  clusters: ['edge'],
  inventory: { edge: inventory },
  value: ({ family }, { key }) => (family === 'inference.requestsRunning' && key.includes('vllm') ? 3 : null),
};

it('gives a microservice the models that its own pods serve, each with its figures, by one read a figure', async () => {
  const { data, codes, calls } = await ask(
    world,
    `{ microservices { nodes { name inference {
      server model
      requestsRunning { value missing unit }
      timeToFirstToken(quantile: 0.5, window: "1m") { unit measurement { window } }
    } } } }`,
  );
  expect(codes).toEqual([]);
  const timeToFirstToken = { unit: 'SECONDS', measurement: { window: '1m' } };
  const running = (value: number | null) => ({ value, missing: value === null ? 'NO_SAMPLE' : null, unit: 'COUNT' });
  expect(data?.microservices).toEqual({
    nodes: [
      {
        name: 'llm',
        inference: [
          { server: 'triton', model: 'resnet', requestsRunning: running(null), timeToFirstToken },
          { server: 'vllm', model: 'meta/llama', requestsRunning: running(3), timeToFirstToken },
        ],
      },
      { name: 'web', inference: [] },
    ],
  });
  expect(calls.values.map(({ question, count }) => [question.family, question.quantile, count]).sort()).toEqual([
    ['inference.requestsRunning', undefined, 2],
    ['inference.timeToFirstToken', 0.5, 2],
  ]);
});

it('refuses a quantile and a window outside their ranges', async () => {
  const fields = ['queueTime(quantile: 1)', 'endToEndLatency(quantile: -0.1)', 'tokenThroughput(window: "400d")'];
  const selection = fields.map((field, at) => `f${at}: ${field} { value }`).join(' ');
  const { codes } = await ask(
    world,
    `{ microservice(cluster: "edge", namespace: "ai", name: "llm") { inference { ${selection} } } }`,
  );
  expect(new Set(codes)).toEqual(new Set(['BAD_INPUT']));
});
