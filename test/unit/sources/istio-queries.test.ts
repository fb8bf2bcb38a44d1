import { expect, it } from 'vitest';
import { edgeKey } from '../../../src/sources/istio-queries.js';

const labels = {
  source_workload_namespace: 'shop',
  source_workload: 'cart',
  destination_service_namespace: 'shop',
  destination_service_name: 'pay',
  request_protocol: 'http',
};

it('an edge is known by both its ends and its protocol', () => {
  expect(edgeKey(labels)).toBe('shop/cart/shop/pay/http');
  expect(edgeKey({ ...labels, source_workload: 'unknown', source_workload_namespace: 'unknown' })).toBe(
    'unknown/unknown/shop/pay/http',
  );
});

it.each(Object.keys(labels))(
  'a slash in %s makes it no edge, so that nobody passes parts off as a namespace',
  (label) => {
    expect(edgeKey({ ...labels, [label]: 'a/team-b' })).toBeNull();
  },
);
