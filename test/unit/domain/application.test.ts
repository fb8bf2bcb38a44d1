import { describe, expect, it } from 'vitest';
import { scopeOf } from '../../../src/domain/access.js';
import {
  type ApplicationDefinition,
  claimantOf,
  labelledMicroservices,
  mayConcern,
} from '../../../src/domain/application.js';

const application = (name: string, more: Partial<ApplicationDefinition>): ApplicationDefinition => ({
  name,
  description: null,
  microservices: [],
  clusters: null,
  ...more,
});
const all = (namespace: string) => ({ namespace, name: null });

describe('the application that claims a microservice', () => {
  const definitions = [
    application('shop', { microservices: [all('shop'), all('pay')] }),
    application('till', { microservices: [{ namespace: 'shop', name: 'checkout' }, all('pay')] }),
    application('far', { microservices: [all('far')], clusters: ['core'] }),
    application('bare', {}),
  ];

  it.each([
    { cluster: 'edge', namespace: 'shop', name: 'cart', claimant: 'shop', because: 'it takes the whole namespace' },
    { cluster: 'edge', namespace: 'shop', name: 'checkout', claimant: 'till', because: 'it is named' },
    { cluster: 'edge', namespace: 'pay', name: 'card', claimant: 'shop', because: 'the first of equals counts' },
    { cluster: 'core', namespace: 'far', name: 'a', claimant: 'far', because: 'it is in its cluster' },
    { cluster: 'edge', namespace: 'far', name: 'a', claimant: null, because: 'it is in another cluster' },
    { cluster: 'edge', namespace: 'shopping', name: 'cart', claimant: null, because: 'names are exact' },
  ])('is $claimant for $namespace/$name in $cluster: $because', ({ cluster, claimant, ...microservice }) => {
    expect(claimantOf(definitions, cluster, microservice)).toBe(claimant);
  });
});

describe('a configured application', () => {
  const shop = application('shop', { microservices: [all('shop')], clusters: ['edge'] });

  it.each([
    { clusters: null, namespaces: null, concerned: true, because: 'everything is seen' },
    { clusters: ['edge'], namespaces: null, concerned: true, because: 'its cluster is seen' },
    { clusters: ['core'], namespaces: null, concerned: false, because: 'its cluster is not seen' },
    { clusters: ['edge'], namespaces: ['shop'], concerned: true, because: 'its namespace is seen' },
    { clusters: null, namespaces: ['pay'], concerned: false, because: 'its namespace is not seen' },
  ])('concerns a caller of $clusters, $namespaces: $concerned, since $because', (row) => {
    expect(mayConcern(shop, scopeOf(row.clusters, row.namespaces), ['edge', 'core'])).toBe(row.concerned);
  });
});

it('a microservice belongs to the application that most of its pods name, of equals to the first by name', () => {
  const pod = (name: string, ...microservices: string[]) => ({ application: name, microservices });

  const owners = labelledMicroservices([
    pod('old', 'shop/cart'),
    pod('new', 'shop/cart', 'shop/cart-canary'),
    pod('new', 'shop/cart'),
    pod('b', 'shop/pay'),
    pod('a', 'shop/pay'),
    pod('jobs'),
  ]);

  expect([...owners].sort()).toEqual([
    ['shop/cart', 'new'],
    ['shop/cart-canary', 'new'],
    ['shop/pay', 'a'],
  ]);
});
