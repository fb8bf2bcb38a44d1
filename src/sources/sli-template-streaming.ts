import { aggregate, increase, rate, selector } from './prometheus/promql.js';
import { optional, required, summedRate, type TemplateEntry } from './sli-template-entry.js';
import { WrongParameter } from './sli-template-given.js';

const JOB = required('Name of the Flink job, label `job_name`.');
const SPARK_APPLICATION = required('Name of the Spark application, label `application_name`.');

/** What streams and batches say. */
export const streamingTemplates: readonly TemplateEntry[] = [
  {
    name: 'kafka-consumer-lag',
    description: 'Messages that a consumer group has not read yet (kafka_exporter).',
    kind: 'VALUE',
    category: 'CUSTOM',
    unit: 'COUNT',
    source: 'STREAMING',
    parameters: {
      group: required('Consumer group.'),
      topic: optional('One topic; all of the group together when absent.'),
    },
    expand: (given) => ({
      kind: 'VALUE',
      value: `sum(${selector('kafka_consumergroup_lag', { consumergroup: given.text('group'), ...given.test('topic', 'topic') })})`,
    }),
  },
  {
    name: 'kafka-lag-seconds',
    description: 'How far behind a consumer group is at most, in seconds (kafka-lag-exporter).',
    kind: 'VALUE',
    category: 'END_TO_END_LATENCY',
    unit: 'SECONDS',
    source: 'STREAMING',
    parameters: {
      group: required('Consumer group.'),
      kafka: optional('Name of the Kafka cluster, label `cluster_name`; all together when absent.'),
    },
    expand: (given) => ({
      kind: 'VALUE',
      value: `max(${selector('kafka_consumergroup_group_max_lag_seconds', {
        group: given.text('group'),
        ...given.test('cluster_name', 'kafka'),
      })})`,
    }),
  },
  {
    name: 'kafka-pipeline-latency',
    description:
      'Time that a message takes through the stages of a pipeline, each a consumer group, in seconds: for each the ' +
      'messages that wait over those it reads per second (5 minutes), added up; no value while one of them is not seen ' +
      '(kafka_exporter).',
    kind: 'VALUE',
    category: 'END_TO_END_LATENCY',
    unit: 'SECONDS',
    source: 'STREAMING',
    parameters: { groups: required('Consumer groups of all stages, separated by commas.') },
    expand(given) {
      const groups = [
        ...new Set(
          given
            .text('groups')
            .split(',')
            .map((group) => group.trim()),
        ),
      ].filter(Boolean);
      if (groups.length === 0) throw new WrongParameter('groups', 'expected names of consumer groups, got none');
      const stages = { consumergroup: { in: groups } };
      const waiting = `sum by (consumergroup) (${selector('kafka_consumergroup_lag', stages)})`;
      const read = `sum by (consumergroup) (${rate(selector('kafka_consumergroup_current_offset', stages), 300_000)})`;
      // A stage that stands still while messages wait takes for ever; one with nothing to do takes no time.
      const times = `${waiting} / clamp_min(${read}, 1e-9)`;
      return { kind: 'VALUE', value: `sum(${times}) and count(${times}) == ${groups.length}` };
    },
  },
  {
    name: 'kafka-topic-throughput',
    description: 'Messages per second written to a topic, averaged over 5 minutes (kafka_exporter).',
    kind: 'VALUE',
    category: 'THROUGHPUT',
    unit: 'PER_SECOND',
    source: 'STREAMING',
    parameters: { topic: required('Topic.') },
    expand: (given) => summedRate('kafka_topic_partition_current_offset', { topic: given.text('topic') }),
  },
  {
    name: 'kafka-durability',
    description: 'In-sync replicas of a topic as a share of its replicas, 0..1 (kafka_exporter).',
    kind: 'VALUE',
    category: 'DURABILITY',
    unit: 'RATIO',
    source: 'STREAMING',
    parameters: { topic: optional('One topic; all together when absent.') },
    expand(given) {
      const replicas = (name: string) =>
        `sum(${selector(`kafka_topic_partition_${name}`, given.test('topic', 'topic'))})`;
      return { kind: 'VALUE', value: `${replicas('in_sync_replica')} / ${replicas('replicas')}` };
    },
  },
  {
    name: 'flink-throughput',
    description: 'Records per second that an operator of a Flink job takes in, averaged over 5 minutes.',
    kind: 'VALUE',
    category: 'THROUGHPUT',
    unit: 'PER_SECOND',
    source: 'STREAMING',
    parameters: {
      job: JOB,
      operator: required('One operator, label `operator_name`; all together would count a record once for each.'),
    },
    expand: (given) =>
      summedRate('flink_taskmanager_job_task_operator_numRecordsIn', {
        job_name: given.text('job'),
        operator_name: given.text('operator'),
      }),
  },
  {
    name: 'flink-lag-seconds',
    description: 'How old records are at most when the sources of a Flink job pass them on, in seconds of event time.',
    kind: 'VALUE',
    category: 'END_TO_END_LATENCY',
    unit: 'SECONDS',
    source: 'STREAMING',
    parameters: { job: JOB },
    expand(given) {
      const lag = selector('flink_taskmanager_job_task_operator_currentEmitEventTimeLag', {
        job_name: given.text('job'),
      });
      // A source that has not seen a timestamp says -1.
      return { kind: 'VALUE', value: `max(${lag} >= 0) / 1000` };
    },
  },
  {
    name: 'flink-pending-records',
    description: 'Records that the sources of a Flink job have not read yet.',
    kind: 'VALUE',
    category: 'CUSTOM',
    unit: 'COUNT',
    source: 'STREAMING',
    parameters: { job: JOB },
    expand(given) {
      const pending = selector('flink_taskmanager_job_task_operator_pendingRecords', { job_name: given.text('job') });
      return { kind: 'VALUE', value: `sum(${pending} >= 0)` };
    },
  },
  {
    name: 'flink-checkpoints',
    description: 'Share of checkpoints of a Flink job that did not fail.',
    kind: 'RATIO',
    category: 'AVAILABILITY',
    unit: 'RATIO',
    source: 'STREAMING',
    parameters: { job: JOB },
    expand(given) {
      const job = { job_name: given.text('job') };
      const failed = `sum(${selector('flink_jobmanager_job_numberOfFailedCheckpoints', job)})`;
      const completed = `sum(${selector('flink_jobmanager_job_numberOfCompletedCheckpoints', job)})`;
      return { kind: 'RATIO', bad: failed, total: `${completed} + ${failed}` };
    },
  },
  {
    name: 'flink-restarts',
    description: 'Restarts of a Flink job in the last 5 minutes; an upper bound of 0 makes it the share of calm time.',
    kind: 'VALUE',
    category: 'AVAILABILITY',
    unit: 'COUNT',
    source: 'STREAMING',
    parameters: { job: JOB },
    expand(given) {
      const restarts = selector('flink_jobmanager_job_numRestarts', { job_name: given.text('job') });
      return { kind: 'VALUE', value: aggregate('sum', [], increase(restarts, 300_000)) };
    },
  },
  {
    name: 'spark-throughput',
    description: 'Bytes per second that the executors of a Spark application read, averaged over 5 minutes.',
    kind: 'VALUE',
    category: 'THROUGHPUT',
    unit: 'BYTES_PER_SECOND',
    source: 'STREAMING',
    parameters: { application: SPARK_APPLICATION },
    expand: (given) =>
      summedRate('metrics_executor_totalInputBytes_bytes_total', { application_name: given.text('application') }),
  },
  {
    name: 'spark-tasks',
    description: 'Share of tasks of a Spark application that did not fail.',
    kind: 'RATIO',
    category: 'AVAILABILITY',
    unit: 'RATIO',
    source: 'STREAMING',
    parameters: { application: SPARK_APPLICATION },
    expand(given) {
      const tasks = (end: string) =>
        `sum(${selector(`metrics_executor_${end}Tasks_total`, { application_name: given.text('application') })})`;
      return { kind: 'RATIO', bad: tasks('failed'), total: `${tasks('completed')} + ${tasks('failed')}` };
    },
  },
  {
    name: 'spark-batch-latency',
    description:
      'Time from the start of a batch of a Spark streaming query to its end, in seconds, of the slowest that has this ' +
      'name (`spark.sql.streaming.metricsEnabled`).',
    kind: 'VALUE',
    category: 'END_TO_END_LATENCY',
    unit: 'SECONDS',
    source: 'STREAMING',
    parameters: { query: required('Name of the streaming query.') },
    expand(given) {
      // Its exporter writes the names of application and query into that of the metric, `_` for what a name cannot hold.
      const query = given.text('query').replace(/[^a-zA-Z0-9]/g, '_');
      const name = { matches: `metrics_.+_driver_spark_streaming_${query}_latency_Value` };
      return { kind: 'VALUE', value: `max(${selector('', { __name__: name })}) / 1000` };
    },
  },
];
