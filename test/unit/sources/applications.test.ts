import { expect, it } from 'vitest';
import { everything, scopeOf } from '../../../src/domain/access.js';
import { createApplicationDirectory, createApplicationMemory } from '../../../src/sources/applications.js';
import { applicationsOf } from '../../../src/sources/inventory-applications.js';

const T0 = Date.UTC(2026, 0, 4, 12);
const shop = { application: 'shop', microservices: ['shop/cart'] };
const pay = { application: 'pay', microservices: [] };

it('keeps the answer about the latest instant, cluster by cluster, whatever is asked about the past afterwards', () => {
  const memory = createApplicationMemory();
  const directory = createApplicationDirectory([], memory);
  memory.observe('applications', 'edge', T0, new Map([['shop/cart-1', shop]]));
  memory.observe('applications', 'edge', T0 - 60_000, new Map([['pay/card-1', pay]]));
  memory.observe('pods', 'edge', T0 + 60_000, new Map());

  expect(directory.lastKnown('edge', everything)).toEqual(new Map([['shop/cart-1', shop]]));
  expect(directory.lastKnown('core', everything)).toBeNull();

  memory.observe('applications', 'edge', T0 + 5_000, new Map());
  expect(directory.lastKnown('edge', everything)).toEqual(new Map());
});

it('shows of what it keeps only what the caller may see', () => {
  const memory = createApplicationMemory();
  const directory = createApplicationDirectory([], memory);
  const pods = new Map([
    ['shop/cart-1', shop],
    ['pay/card-1', pay],
  ]);
  memory.observe('applications', 'edge', T0, pods);

  expect([...(directory.lastKnown('edge', scopeOf(null, ['pay'])) ?? [])]).toEqual([['pay/card-1', pay]]);
  expect(directory.lastKnown('edge', scopeOf(['core'], null))).toBeNull();
});

it('leads from a label through the workload to every microservice that it answers for', () => {
  const service = (name: string, workload: string) => ({
    namespace: 'shop',
    name,
    workloads: [{ namespace: 'shop', name: workload }],
  });
  const row = (labels: Record<string, string>) => ({ labels, value: T0 / 1_000 });
  const part = 'label_app_kubernetes_io_part_of';

  const found = applicationsOf(
    [
      row({ namespace: 'shop', pod: 'cart-1', [part]: 'web "shop"' }),
      row({ namespace: 'monitoring', exported_namespace: 'shop', exported_pod: 'cart-2', pod: 'ksm', [part]: 'shop' }),
      row({ namespace: 'shop', pod: 'debug', [part]: 'shop' }),
    ],
    part,
    new Map([
      ['shop/cart-1', { kind: 'Deployment', name: 'cart' }],
      ['shop/cart-2', { kind: 'Deployment', name: 'cart' }],
    ]),
    new Map([
      ['shop/cart', service('cart', 'cart')],
      ['shop/cart-stable', service('cart-stable', 'cart')],
      ['shop/pay', service('pay', 'pay')],
    ]),
  );

  expect([...found]).toEqual([
    ['shop/cart-1', { application: 'web "shop"', microservices: ['shop/cart', 'shop/cart-stable'] }],
    ['shop/cart-2', { application: 'shop', microservices: ['shop/cart', 'shop/cart-stable'] }],
    ['shop/debug', { application: 'shop', microservices: [] }],
  ]);
});
