import { describe, expect, it } from 'vitest';
import type { WrittenSeries } from '../../../src/demo/remote-write.js';
import { counter, T0 } from '../../support/prometheus.js';
import { engineSubjects, nothingHappenedOn } from '../../support/victoria-metrics.js';
import { openSources } from './reading.js';

describe.each(engineSubjects)('over %s', (engine, startMetrics) => {
  const nothingHappened = nothingHappenedOn(engine);

  const CHECKOUT = 'destination_service_namespace="shop",destination_service_name="checkout"';
  const FRONTEND = 'source_workload_namespace="shop",source_workload="frontend"';
  const POD = 'namespace="shop",pod="checkout-1"';

  /** `istio_requests_total` of calls to checkout, as the server's proxy sees them unless told otherwise. */
  function requests(perSecond: number, labels: string, common = `reporter="destination",${CHECKOUT},${FRONTEND}`) {
    return counter(`istio_requests_total{${common},${labels}}`, { perSecond });
  }

  /** The buckets of a latency histogram, cumulative per second by bound in milliseconds. */
  function buckets(labels: string, bounds: Readonly<Record<string, number>>) {
    return Object.entries(bounds).map(([le, perSecond]) =>
      counter(`istio_request_duration_milliseconds_bucket{${CHECKOUT},${FRONTEND},${labels},le="${le}"}`, {
        perSecond,
      }),
    );
  }

  const HTTP_200 = 'request_protocol="http",response_code="200",response_flags="-"';
  const HTTP_503 = 'request_protocol="http",response_code="503",response_flags="UO"';

  async function open(series: readonly WrittenSeries[]) {
    const prometheus = await startMetrics({ series });
    return openSources([{ name: 'edge', url: prometheus.url }]);
  }

  describe('requests', () => {
    it('counts what failed: 5xx, no answer, and statuses of gRPC that are the server’s fault', async () => {
      const { figure } = await open([
        requests(4, HTTP_200),
        requests(1, HTTP_503),
        requests(1, 'request_protocol="http",response_code="404",response_flags="-"'),
        requests(1, 'request_protocol="http",response_code="0",response_flags="UC"'),
        requests(1, 'request_protocol="grpc",response_code="200",grpc_response_status="0",response_flags="-"'),
        requests(1, 'request_protocol="grpc",response_code="200",grpc_response_status="5",response_flags="-"'),
        requests(1, 'request_protocol="grpc",response_code="200",grpc_response_status="14",response_flags="UF"'),
        // The caller hung up: it is traffic, and neither good nor bad.
        requests(3, 'request_protocol="http",response_code="0",response_flags="DC"'),
        requests(2, 'request_protocol="http",response_code="503",response_flags="UC,DC"'),
      ]);
      expect((await figure('microservice.requestRate', 'shop/checkout')).value).toBeCloseTo(15, 6);
      expect((await figure('microservice.errorRatio', 'shop/checkout')).value).toBeCloseTo(0.3, 6);
      expect((await figure('microservice.successRatio', 'shop/checkout')).value).toBeCloseTo(0.7, 6);
      expect((await figure('responseCode.rate', 'shop/checkout/grpc/14')).value).toBeCloseTo(1, 6);
      expect((await figure('responseCode.rate', 'shop/checkout/http/0')).value).toBeCloseTo(4, 6);
    });

    it('has no errors, rather than an unknown share, when no error was ever counted', async () => {
      const { figure } = await open([requests(4, HTTP_200)]);
      expect((await figure('microservice.errorRatio', 'shop/checkout')).value).toBe(0);
    });

    it('has a rate of 0 and no ratio and no latency when nobody calls', async () => {
      const { figure } = await open([
        requests(0, HTTP_200),
        requests(0, HTTP_503),
        ...buckets('reporter="destination"', { '1': 0, '+Inf': 0 }),
      ]);
      expect((await figure('microservice.requestRate', 'shop/checkout')).value).toBe(0);
      for (const family of ['microservice.errorRatio', 'microservice.successRatio'] as const) {
        expect(await figure(family, 'shop/checkout')).toMatchObject({ value: null, missing: 'NO_EVENTS' });
      }
      const latency = await figure('microservice.latency', 'shop/checkout');
      expect(latency).toMatchObject({ value: null, missing: nothingHappened });
    });

    it('never adds what the caller and the server both report', async () => {
      const { figure } = await open([
        requests(4, HTTP_200),
        requests(5, HTTP_200, `reporter="source",${CHECKOUT},${FRONTEND}`),
      ]);
      expect((await figure('microservice.requestRate', 'shop/checkout')).value).toBeCloseTo(4, 6);
      expect((await figure('serviceEdge.requestRate', 'shop/frontend/shop/checkout/http')).value).toBeCloseTo(4, 6);
    });

    it('takes availability from callers where they tell of any, else from the server, and says which', async () => {
      const client = `reporter="source",${CHECKOUT},${FRONTEND}`;
      const outside = 'source_workload_namespace="unknown",source_workload="unknown"';
      const unplaced = `reporter="source",${CHECKOUT},${FRONTEND},destination_workload="unknown"`;
      const seen = async (series: readonly WrittenSeries[]) => {
        const { figure } = await open(series);
        const errors = await figure('microservice.errorRatio', 'shop/checkout');
        const success = await figure('microservice.successRatio', 'shop/checkout');
        const rate = await figure('microservice.requestRate', 'shop/checkout');
        const edge = await figure('serviceEdge.errorRatio', 'shop/frontend/shop/checkout/http');
        expect(success.measurement.perspective).toBe(errors.measurement.perspective);
        return [errors, success, rate, edge].map(({ value, measurement }) => [
          value === null ? null : Number(value.toFixed(6)),
          measurement.perspective,
        ]);
      };
      // One in ten never reaches a server, and one that did waits too long for its answer.
      const lost = [
        requests(8, HTTP_200, client),
        requests(1, 'request_protocol="http",response_code="504",response_flags="UT"', client),
        requests(1, 'request_protocol="http",response_code="503",response_flags="UH"', unplaced),
        requests(5, 'request_protocol="http",response_code="0",response_flags="DC"', client),
        requests(9, HTTP_200),
      ];
      expect(await seen(lost)).toEqual([
        [0.2, 'CLIENT'],
        [0.8, 'CLIENT'],
        [9, 'SERVER'],
        [0.2, 'CLIENT'],
      ]);
      // Callers outside the mesh report nothing: the server's view is all there is of them, and of the rate it is the whole.
      const fromOutside = requests(3, HTTP_503, `reporter="destination",${CHECKOUT},${outside}`);
      expect((await seen([...lost, fromOutside]))[2]).toEqual([12, 'SERVER']);
      expect(await seen([fromOutside, requests(9, HTTP_200, `reporter="destination",${CHECKOUT},${outside}`)])).toEqual(
        [
          [0.25, 'SERVER'],
          [0.75, 'SERVER'],
          [12, 'SERVER'],
          [null, undefined],
        ],
      );
      // A waypoint stands on the server's side; callers that have fallen silent are no view.
      const waypoint = `reporter="waypoint",${CHECKOUT},${FRONTEND}`;
      const ambient = [requests(0, HTTP_200, client), requests(3, HTTP_200, waypoint), requests(1, HTTP_503, waypoint)];
      expect(await seen(ambient)).toEqual([
        [0.25, 'SERVER'],
        [0.75, 'SERVER'],
        [4, 'SERVER'],
        [0.25, 'SERVER'],
      ]);
      // gRPC fails with code 200, and a caller's proxy on two ports is one proxy.
      const port = (instance: string) => `namespace="shop",pod="frontend-1",instance="${instance}",job="a"`;
      const grpc = ['10.0.0.1:15020', '10.0.0.1:15090'].flatMap((instance) =>
        [
          'request_protocol="grpc",response_code="200",grpc_response_status="0",response_flags="-"',
          'request_protocol="grpc",response_code="200",grpc_response_status="14",response_flags="UF"',
        ].map((labels, index) => requests(index === 0 ? 3 : 1, `${labels},${port(instance)}`, client)),
      );
      expect((await seen([...grpc, requests(1, HTTP_200)]))[0]).toEqual([0.25, 'CLIENT']);
    });

    it('takes the view of a waypoint, and that of the server while nothing passes the waypoint', async () => {
      const both = await open([
        requests(4, HTTP_200),
        requests(5, HTTP_200, `reporter="waypoint",${CHECKOUT},${FRONTEND}`),
        ...buckets('reporter="destination"', { '100': 4, '+Inf': 4 }),
        ...buckets('reporter="waypoint"', { '100': 0, '200': 5, '+Inf': 5 }),
      ]);
      expect((await both.figure('microservice.requestRate', 'shop/checkout')).value).toBeCloseTo(5, 6);
      expect((await both.figure('microservice.latency', 'shop/checkout', { quantile: 0.5 })).value).toBeCloseTo(
        0.15,
        6,
      );
      const idle = await open([
        requests(4, HTTP_200),
        requests(0, HTTP_200, `reporter="waypoint",${CHECKOUT},${FRONTEND}`),
        ...buckets('reporter="destination"', { '100': 4, '+Inf': 4 }),
        ...buckets('reporter="waypoint"', { '100': 0, '+Inf': 0 }),
      ]);
      expect((await idle.figure('microservice.requestRate', 'shop/checkout')).value).toBeCloseTo(4, 6);
      expect((await idle.figure('microservice.latency', 'shop/checkout', { quantile: 0.5 })).value).toBeCloseTo(
        0.05,
        6,
      );
    });
  });

  describe('proxies', () => {
    it('counts a proxy once though two of its ports are scraped, by two jobs', async () => {
      const { figure } = await open([
        requests(4, `${HTTP_200},${POD},instance="10.0.0.1:15020",job="envoy-stats-monitor"`),
        requests(4, `${HTTP_200},${POD},instance="10.0.0.1:15090",job="kubernetes-pods"`),
        requests(
          2,
          `${HTTP_200},namespace="shop",pod="checkout-2",instance="10.0.0.2:15020",job="envoy-stats-monitor"`,
        ),
      ]);
      expect((await figure('microservice.requestRate', 'shop/checkout')).value).toBeCloseTo(6, 6);
    });

    it('counts every target as a proxy of its own when no label names the pod', async () => {
      const { figure } = await open([
        requests(4, `${HTTP_200},instance="127.0.0.1:15020",job="static"`),
        requests(3, `${HTTP_200},instance="127.0.0.1:15021",job="static"`),
        requests(2, `${HTTP_200},instance="127.0.0.1:15022",job="other"`),
      ]);
      expect((await figure('microservice.requestRate', 'shop/checkout')).value).toBeCloseTo(9, 6);
    });
  });

  describe('latency', () => {
    it('is in seconds, of all proxies together, in the spellings of Prometheus 2 and 3', async () => {
      const { figure } = await open([
        ...buckets('reporter="destination",pod="a",namespace="shop"', { '100': 2, '250': 4, '+Inf': 4 }),
        ...buckets('reporter="destination",pod="b",namespace="shop"', { '100.0': 2, '250.0': 4, '+Inf': 4 }),
      ]);
      expect((await figure('microservice.latency', 'shop/checkout', { quantile: 0.75 })).value).toBeCloseTo(0.175, 6);
      expect((await figure('microservice.latency', 'shop/checkout')).value).toBeCloseTo(0.235, 6);
    });
  });

  describe('edges', () => {
    it('fills gaps with what only callers report, and keeps the names of what lies outside the mesh', async () => {
      const { figures, context } = await open([
        requests(4, HTTP_200),
        requests(
          1,
          HTTP_200,
          `reporter="source",${CHECKOUT},source_workload_namespace="edge",source_workload="gateway"`,
        ),
        requests(
          2,
          HTTP_200,
          `reporter="destination",${CHECKOUT},source_workload_namespace="unknown",source_workload="unknown"`,
        ),
        requests(
          3,
          HTTP_200,
          `reporter="source",destination_service_namespace="unknown",destination_service_name="PassthroughCluster",${FRONTEND}`,
        ),
      ]);
      const clusters = { clusters: ['edge'] };
      const rates = await figures.values({ family: 'serviceEdge.requestRate' }, clusters, T0, context);
      expect(rates.keys('edge').map((key) => [key, rates.of({ cluster: 'edge', key }).value?.toFixed(3)])).toEqual([
        ['edge/gateway/shop/checkout/http', '1.000'],
        ['shop/frontend/shop/checkout/http', '4.000'],
        ['shop/frontend/unknown/PassthroughCluster/http', '3.000'],
        ['unknown/unknown/shop/checkout/http', '2.000'],
      ]);
      const services = await figures.values({ family: 'microservice.requestRate' }, clusters, T0, context);
      expect(services.keys('edge')).toEqual(['shop/checkout']);
    });

    it('tells of connections where nobody counts requests, in either layer of a mesh', async () => {
      const tcp = (reporter: string, source: string, target: string, more = '') => {
        const labels = `reporter="${reporter}",source_workload_namespace="shop",source_workload="${source}",destination_service_namespace="shop",destination_service_name="${target}",request_protocol="tcp"${more}`;
        return (opened: number, received: number, sent: number) => [
          counter(`istio_tcp_connections_opened_total{${labels}}`, { perSecond: opened }),
          counter(`istio_tcp_received_bytes_total{${labels}}`, { perSecond: received }),
          counter(`istio_tcp_sent_bytes_total{${labels}}`, { perSecond: sent }),
        ];
      };
      const ztunnel = ',app="ztunnel",namespace="istio-system",pod="ztunnel-1",instance="10.0.0.9:15020"';
      const agent = ',namespace="shop",pod="frontend-1",instance="10.0.0.1:15020",job="a"';
      const { figures, figure, context } = await open([
        // Outside the mesh, so that only the caller reports; scraped on two ports.
        ...tcp('source', 'frontend', 'redis', agent)(2, 100, 700),
        ...tcp('source', 'frontend', 'redis', agent.replace('15020', '15090'))(2, 100, 700),
        // A pool whose connections were opened long ago.
        ...tcp('source', 'frontend', 'postgres')(0, 10, 30),
        ...tcp('destination', 'frontend', 'postgres')(0, 11, 33),
        ...tcp('source', 'frontend', 'forgotten')(0, 0, 0),
        ...tcp('destination', 'frontend', 'ledger', ztunnel)(1, 50, 60),
        // The tunnels to a waypoint and on from it; beside HTTP it reports a TCP port.
        requests(4, HTTP_200, `reporter="waypoint",${CHECKOUT},${FRONTEND}`),
        ...tcp('source', 'frontend', 'checkout', ztunnel)(3, 1, 1),
        ...tcp('destination', 'waypoint', 'checkout', ztunnel)(3, 1, 1),
        ...tcp('waypoint', 'backup', 'checkout')(5, 6, 7),
      ]);
      const column = await figures.values(
        { family: 'serviceEdge.connectionRate' },
        { clusters: ['edge'] },
        T0,
        context,
      );
      expect(
        column.keys('edge').map((key) => [key, Number(column.of({ cluster: 'edge', key }).value?.toFixed(6))]),
      ).toEqual([
        ['shop/backup/shop/checkout/tcp', 5],
        ['shop/frontend/shop/ledger/tcp', 1],
        ['shop/frontend/shop/postgres/tcp', 0],
        ['shop/frontend/shop/redis/tcp', 2],
      ]);
      const redis = 'shop/frontend/shop/redis/tcp';
      expect((await figure('serviceEdge.requestThroughput', redis)).value).toBeCloseTo(100, 6);
      expect((await figure('serviceEdge.responseThroughput', redis)).value).toBeCloseTo(700, 6);
      for (const family of ['requestRate', 'errorRatio', 'latency'] as const) {
        expect(await figure(`serviceEdge.${family}`, redis)).toMatchObject({ value: null, missing: 'NOT_COLLECTED' });
      }
      const calls = await figure('serviceEdge.connectionRate', 'shop/frontend/shop/checkout/http');
      expect(calls).toMatchObject({ value: null, missing: 'NOT_COLLECTED' });
    });

    it('takes only names of services for services', async () => {
      const named = (namespace: string, name: string) =>
        requests(
          1,
          HTTP_200,
          `reporter="destination",destination_service_namespace="${namespace}",destination_service_name="${name}"`,
        );
      const { facet } = await open([
        named('shop', 'checkout'),
        named('shop', 'unknown'),
        named('unknown', 'checkout'),
        named('shop', 'BlackHoleCluster'),
        named('shop', 'InboundPassthroughClusterIpv4'),
        named('shop', '10.0.0.1:8080'),
        named('shop', 'api.example.com'),
      ]);
      expect([...(await facet('microservices')).keys()]).toEqual(['shop/checkout']);
    });
  });
});
