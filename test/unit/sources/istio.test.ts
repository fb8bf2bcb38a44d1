import { describe, expect, it } from 'vitest';
import type { Row } from '../../../src/sources/family.js';
import { destinationWorkload, istioFamilies, microserviceKey } from '../../../src/sources/istio.js';

const SERVICE = { destination_service_namespace: 'shop', destination_service_name: 'checkout' };

function row(labels: Readonly<Record<string, string>>, ...cells: (number | null)[]): Row {
  return { labels: { ...SERVICE, reporter: 'destination', request_protocol: 'http', ...labels }, cells };
}

describe('figures of the mesh', () => {
  const rows = [
    row({ response_code: '200' }, 8, 0, null),
    row({ response_code: '500' }, 2, 0, null),
    row({ response_code: '200', reporter: 'waypoint' }, null, 5, null),
  ];
  const read = (family: keyof typeof istioFamilies) => istioFamilies[family].fold(rows, () => null);

  it('choose the view at every instant', () => {
    expect(read('microservice.requestRate').get('shop/checkout')).toEqual([10, 5, null]);
    expect(read('microservice.errorRatio').get('shop/checkout')).toEqual([0.2, 0, null]);
    expect(read('microservice.successRatio').get('shop/checkout')).toEqual([0.8, 1, null]);
  });

  it('give the codes of the chosen view only', () => {
    expect(Object.fromEntries(read('responseCode.rate'))).toEqual({
      'shop/checkout/http/200': [8, 5, null],
      'shop/checkout/http/500': [2, null, null],
    });
  });

  it('tell whose view the last instant is', () => {
    const views = (more: Row[], family: 'microservice.errorRatio' | 'microservice.requestRate') =>
      Object.fromEntries(istioFamilies[family].perspectives?.([...rows, ...more]) ?? []);
    const callers = row({ response_code: '200', reporter: 'source' }, 0, 0, 4);
    expect(views([], 'microservice.errorRatio')).toEqual({});
    expect(views([callers], 'microservice.errorRatio')).toEqual({ 'shop/checkout': 'CLIENT' });
    expect(views([callers], 'microservice.requestRate')).toEqual({});
    const figure = istioFamilies['microservice.errorRatio'].fold([...rows, callers], () => null);
    expect(figure.get('shop/checkout')).toEqual([0.2, 0, 0]);
  });

  it('keep a call apart whose caller hung up', () => {
    const hungUp = [...rows, row({ response_code: '0', response_flags: 'UC,DC' }, 90, 0, null)];
    expect(istioFamilies['microservice.errorRatio'].fold(hungUp, () => null).get('shop/checkout')?.[0]).toBe(0.2);
    expect(istioFamilies['microservice.requestRate'].fold(hungUp, () => null).get('shop/checkout')?.[0]).toBe(100);
  });
});

describe('names of services', () => {
  it.each([
    ['shop', 'checkout', 'shop/checkout'],
    ['shop', 'unknown', null],
    ['unknown', 'checkout', null],
    ['shop', 'PassthroughCluster', null],
    ['shop', 'InboundPassthroughClusterIpv4', null],
    ['shop', 'api.example.com', null],
    ['shop', '10.0.0.1:80', null],
    ['shop', '', null],
  ])('%s, %s is %s', (namespace, name, key) => {
    expect(microserviceKey({ destination_service_namespace: namespace, destination_service_name: name })).toBe(key);
  });

  it('is no workload that the proxy did not know', () => {
    expect(destinationWorkload({ destination_workload_namespace: 'shop', destination_workload: 'unknown' })).toBeNull();
    expect(destinationWorkload({ destination_workload_namespace: 'shop', destination_workload: 'web' })).toEqual({
      namespace: 'shop',
      name: 'web',
    });
  });
});
