import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { WrittenSeries } from '../../src/demo/remote-write.js';
import { startGateway } from '../support/gateway.js';
import { counter, gauge, startPrometheus, T0 } from '../support/prometheus.js';
import { until } from '../support/until.js';

interface Application {
  readonly name: string;
  readonly unreachable: readonly string[];
  readonly microservices: readonly { readonly name: string }[] | null;
}

const question = `query ($at: DateTime) { applications(at: $at) {
  name description unreachable health clusters { name }
  microservices { namespace name cluster { name } application { name } requestRate { value } }
  serviceGraph { nodes { name } outside edges { sourceName targetName requestRate { value } } }
  slos { nodes { name application { name } } } violations { totalCount } } }`;

const at = (agoMs: number) => ({ at: new Date(T0 - agoMs).toISOString() });

it('shows applications over two clusters, and what is left of them when one of the sources dies', async () => {
  const edge = await startPrometheus({
    series: [...service('crosswalk', 'detector', null, 'camera'), ...service('shop', 'cart', 'webshop', 'gateway')],
  });
  const core = await startPrometheus({ series: service('crosswalk', 'archive', 'archive', 'detector') });
  const gateway = await startGateway(
    `clusters:
  - { name: edge, prometheus: { url: '${edge.url}' } }
  - { name: core, prometheus: { url: '${core.url}' } }
applications: [{ name: crosswalk, description: Tells pedestrians, microservices: [{ namespace: crosswalk }] }]
tokensFile: ./tokens.yaml
definitions: [./slos]`,
    {
      'slos/cart.yaml': slo('cart-availability', 'shop/cart', 'edge'),
      'slos/archive.yaml': slo('archive-availability', 'crosswalk/archive', 'core'),
      'tokens.yaml': `- { name: all, token: all-of-it, rights: [read] }
- { name: shop, token: only-shop, namespaces: [shop], rights: [read] }
- { name: core, token: only-core, clusters: [core], rights: [read] }
`,
    },
  );
  const ask = async (token: string, agoMs = 0) => {
    const answer = await gateway.query<{ applications: Application[] }>(question, at(agoMs), {
      authorization: `Bearer ${token}`,
    });
    return { ...answer, applications: answer.data?.applications ?? [] };
  };

  const rate = { value: expect.closeTo(10, 6) };
  const archive = { namespace: 'crosswalk', name: 'archive', cluster: { name: 'core' }, requestRate: rate };
  const cart = { namespace: 'shop', name: 'cart', cluster: { name: 'edge' }, requestRate: rate };
  const detector = { namespace: 'crosswalk', name: 'detector', cluster: { name: 'edge' }, requestRate: rate };
  const of = (microservice: object, name: string) => ({ ...microservice, application: { name } });
  const all = await ask('all-of-it');
  expect(all.errors).toBeUndefined();
  expect(all.applications).toEqual([
    // Its only pod answers for a microservice that the configuration gives to another.
    expect.objectContaining({ name: 'archive', microservices: [], health: null, clusters: [{ name: 'core' }] }),
    {
      name: 'crosswalk',
      description: 'Tells pedestrians',
      unreachable: [],
      health: 'OK',
      clusters: [{ name: 'edge' }, { name: 'core' }],
      microservices: [of(archive, 'crosswalk'), of(detector, 'crosswalk')],
      serviceGraph: {
        nodes: [{ name: 'archive' }, { name: 'detector' }],
        outside: ['camera'],
        edges: [
          { sourceName: 'camera', targetName: 'detector', requestRate: rate },
          { sourceName: 'detector', targetName: 'archive', requestRate: rate },
        ],
      },
      slos: { nodes: [{ name: 'archive-availability', application: { name: 'crosswalk' } }] },
      violations: { totalCount: 0 },
    },
    {
      name: 'webshop',
      description: null,
      unreachable: [],
      health: 'OK',
      clusters: [{ name: 'edge' }],
      microservices: [of(cart, 'webshop')],
      serviceGraph: {
        nodes: [{ name: 'cart' }],
        outside: ['gateway'],
        edges: [{ sourceName: 'gateway', targetName: 'cart', requestRate: rate }],
      },
      slos: { nodes: [{ name: 'cart-availability', application: { name: 'webshop' } }] },
      violations: { totalCount: 0 },
    },
  ]);
  expect((await ask('only-shop')).applications.map(({ name }) => name)).toEqual(['webshop']);
  const ofCore = await ask('only-core');
  expect(ofCore.applications.map(({ name, microservices }) => [name, microservices?.length])).toEqual([
    ['archive', 0],
    ['crosswalk', 1],
  ]);

  await edge.stop('SIGKILL');
  const left = await ask('all-of-it', 60_000);
  expect(left.applications.map(({ name, unreachable }) => [name, unreachable])).toEqual([
    ['archive', ['edge']],
    ['crosswalk', ['edge']],
    ['webshop', ['edge']],
  ]);
  expect(left.applications[1]?.microservices).toEqual([of(archive, 'crosswalk')]);
  expect(left.applications[2]).toMatchObject({
    clusters: [{ name: 'edge' }],
    microservices: [],
    slos: { nodes: [{ name: 'cart-availability', application: { name: 'webshop' } }] },
  });
  expect(left.errors?.map(({ extensions }) => extensions?.code)).toEqual(['SOURCE_UNAVAILABLE']);
  expect((await ask('only-shop', 60_000)).applications.map(({ name }) => name)).toEqual(['webshop']);
  expect((await ask('only-core', 60_000)).applications.map(({ unreachable }) => unreachable)).toEqual([[], []]);
});

it('puts changed applications in force while it runs', async () => {
  const prometheus = await startPrometheus({ series: service('shop', 'cart', 'webshop', 'gateway') });
  const gateway = await startGateway(`clusters: [{ name: edge, prometheus: { url: '${prometheus.url}' } }]`);
  const names = async () => {
    const { data } = await gateway.query<{ applications: Application[] }>(question, at(0));
    return data?.applications.map(({ name, microservices }) => [name, microservices?.map((one) => one.name)]);
  };
  expect(await names()).toEqual([['webshop', ['cart']]]);

  const port = new URL(gateway.url).port;
  writeFileSync(
    join(gateway.folder, 'slograph.yaml'),
    `listen: { host: 127.0.0.1, port: ${port} }
store: { path: ./data/slograph.db }
clusters: [{ name: edge, prometheus: { url: '${prometheus.url}' } }]
applications: [{ name: till, microservices: [{ namespace: shop, name: cart }] }]
`,
  );

  await until('the change to be in force', async () => (await names())?.length === 2);
  expect(await names()).toEqual([
    ['till', ['cart']],
    ['webshop', []],
  ]);
});

/** A service with one pod, called ten times a second by a workload that is none of the cluster's services. */
function service(namespace: string, name: string, partOf: string | null, caller: string): WrittenSeries[] {
  const pod = `namespace="${namespace}",pod="${name}-0"`;
  const label = partOf === null ? '' : `,label_app_kubernetes_io_part_of="${partOf}"`;
  const requests = [
    'reporter="destination"',
    `source_workload_namespace="${namespace}",source_workload="${caller}"`,
    `destination_service_namespace="${namespace}",destination_service_name="${name}"`,
    `destination_workload_namespace="${namespace}",destination_workload="${name}"`,
    'request_protocol="http",response_code="200",response_flags="-"',
  ];
  return [
    gauge(`kube_pod_labels{${pod}${label}}`, 1),
    gauge(`kube_pod_owner{${pod},owner_kind="StatefulSet",owner_name="${name}",owner_is_controller="true"}`, 1),
    counter(`istio_requests_total{${requests.join(',')}}`, { perSecond: 10 }),
  ];
}

function slo(name: string, microservice: string, cluster: string): string {
  const [namespace, service] = microservice.split('/');
  return `apiVersion: openslo/v1
kind: SLO
metadata:
  name: ${name}
  annotations: { slograph.dev/microservice: ${microservice}, slograph.dev/cluster: ${cluster} }
spec:
  service: ${service}
  indicator:
    metadata: { name: ${name} }
    spec:
      ratioMetric:
        rawType: success
        raw:
          metricSource:
            type: slograph
            spec: { template: microservice-availability, namespace: ${namespace}, microservice: ${service} }
  timeWindow: [{ duration: 1h, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.99 }]
`;
}
