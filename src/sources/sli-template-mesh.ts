import { type Matchers, selector } from './prometheus/promql.js';
import { buckets, latency, optional, required, summedRate, type TemplateEntry } from './sli-template-entry.js';
import type { Given, TemplateQueries } from './sli-template-given.js';

/** Bucket bounds of Istio's durations, in milliseconds. */
export const ISTIO_BOUNDS_MS = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
];

const MICROSERVICE = {
  namespace: required('Namespace of the microservice.'),
  microservice: required('Name of the microservice: that of its Service.'),
  perspective: optional('`server` (preset: what reached it) or `client` (what callers in the mesh saw).'),
};

/** The client gave up: not an event of the service. */
const CLIENT_GONE = { response_flags: { notMatches: '(.*,)?DC(,.*)?' } } as const;
/** UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS */
const GRPC_FAULTS = '2|4|8|12|13|14|15';
/** Server errors, and requests that never got an answer. */
const HTTP_FAULTS = '5..|0';

/** What the mesh says of microservices. */
export const meshTemplates: readonly TemplateEntry[] = [
  {
    name: 'microservice-availability',
    description:
      'Share of requests that did not fail by a fault of the service: 5xx, no answer at all, or a gRPC status of UNKNOWN, ' +
      'DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE or DATA_LOSS. Requests whose client ' +
      'gave up (flag DC) do not count. Seen by the server unless `perspective: client`: no view is whole (clients outside ' +
      'the mesh report nothing, servers miss what never reached them), and a mixture would change its meaning over time.',
    kind: 'RATIO',
    category: 'AVAILABILITY',
    unit: 'RATIO',
    source: 'ISTIO',
    parameters: MICROSERVICE,
    expand(given) {
      const valid = { ...microservice(given), ...CLIENT_GONE };
      const total = selector('istio_requests_total', valid);
      const http = selector('istio_requests_total', { ...valid, response_code: { matches: HTTP_FAULTS } });
      const grpc = selector('istio_requests_total', {
        ...valid,
        response_code: { notMatches: HTTP_FAULTS },
        grpc_response_status: { matches: GRPC_FAULTS },
      });
      return { kind: 'RATIO', bad: `sum(${http}) + sum(${grpc})`, total: `sum(${total})` };
    },
  },
  {
    name: 'microservice-latency',
    description:
      'Share of answers that took at most `threshold`, counted in the histogram, never interpolated. Failed requests and ' +
      'those whose client gave up do not count: they are the concern of microservice-availability.',
    kind: 'RATIO',
    category: 'LATENCY',
    unit: 'RATIO',
    source: 'ISTIO',
    parameters: { ...MICROSERVICE, threshold: latency('250ms') },
    expand: (given) => answeredWithin(given, 'server'),
  },
  {
    name: 'pipeline-latency',
    description:
      'Share of answers of a pipeline whose stages call each other that took at most `threshold` from first to last: what ' +
      'callers of its first stage waited, failed requests and those whose client gave up left out. Stages that pass on ' +
      'through Kafka are the concern of kafka-pipeline-latency.',
    kind: 'RATIO',
    category: 'END_TO_END_LATENCY',
    unit: 'RATIO',
    source: 'ISTIO',
    parameters: {
      namespace: required('Namespace of the first stage.'),
      microservice: required('Name of the first stage, which answers when all have.'),
      perspective: optional(
        '`client` (preset: what callers in the mesh and its gateways waited) or `server`, where all callers are outside.',
      ),
      threshold: latency('5s'),
    },
    expand: (given) => answeredWithin(given, 'client'),
  },
  {
    name: 'microservice-throughput',
    description: 'Requests per second, averaged over 5 minutes.',
    kind: 'VALUE',
    category: 'THROUGHPUT',
    unit: 'REQUESTS_PER_SECOND',
    source: 'ISTIO',
    parameters: MICROSERVICE,
    expand: (given) => summedRate('istio_requests_total', microservice(given)),
  },
];

function answeredWithin(given: Given, preset: 'client' | 'server'): TemplateQueries {
  const bound = given.bound('threshold', ISTIO_BOUNDS_MS, 1, 'ms');
  const answered = { ...microservice(given, preset), ...CLIENT_GONE, response_code: { notMatches: HTTP_FAULTS } };
  return buckets('istio_request_duration_milliseconds_bucket', answered, String(bound));
}

function microservice(given: Given, preset: 'client' | 'server' = 'server'): Matchers {
  const client = given.choice('perspective', ['client', 'server'], preset) === 'client';
  return {
    reporter: client ? 'source' : { in: ['destination', 'waypoint'] },
    destination_service_namespace: given.text('namespace'),
    destination_service_name: given.text('microservice'),
  };
}
