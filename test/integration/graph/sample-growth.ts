/**
 * Every counter of the sample of exporters, with the seconds in which each of its series grows by the value that stands in
 * the sample: a series of 9,000 under 900 grows by 10 each second. Never: it stays.
 */
export const GROWTH: Readonly<Record<string, number>> = {
  kube_pod_container_status_restarts_total: Number.POSITIVE_INFINITY,

  // Two processors: the modes of each add up to one second a second.
  node_cpu_seconds_total: 7_200,
  node_pressure_cpu_waiting_seconds_total: 3_600,
  node_pressure_memory_waiting_seconds_total: 3_600,
  node_pressure_memory_stalled_seconds_total: 3_600,
  node_pressure_io_waiting_seconds_total: 3_600,
  node_pressure_io_stalled_seconds_total: 3_600,
  node_network_receive_bytes_total: 1_000,
  node_network_transmit_bytes_total: 2_000,
  node_network_receive_drop_total: 1_000,
  node_disk_io_time_seconds_total: 720,

  container_cpu_usage_seconds_total: 3_600,
  container_cpu_cfs_periods_total: 3_600,
  container_cpu_cfs_throttled_periods_total: 3_600,
  container_pressure_cpu_waiting_seconds_total: 3_600,
  container_oom_events_total: 3_600,
  container_network_receive_bytes_total: 1_800,
  container_network_transmit_bytes_total: 800,

  istio_requests_total: 900,
  istio_request_duration_milliseconds: 900,
  istio_response_bytes: 1_800,
  istio_tcp_sent_bytes_total: 50,
  istio_tcp_received_bytes_total: 90,
  istio_tcp_connections_opened_total: 60,
  istio_tcp_connections_closed_total: 60,

  'vllm:prompt_tokens_total': 3_600,
  'vllm:generation_tokens_total': 1_800,
  'vllm:num_preemptions_total': 3_600,
  'vllm:prefix_cache_queries_total': 3_600,
  'vllm:prefix_cache_hits_total': 3_600,
  'vllm:request_success_total': 3_600,
  http_requests_total: 3_600,
  'vllm:time_to_first_token_seconds': 3_600,
  'vllm:inter_token_latency_seconds': 3_600,
  'vllm:e2e_request_latency_seconds': 3_600,
  'vllm:request_queue_time_seconds': 3_600,
  nv_inference_request_success: 1_200,
  nv_inference_count: 1_200,
  nv_inference_exec_count: 1_200,
  nv_inference_request_duration_us: 1_200,
  nv_inference_queue_duration_us: 1_200,
  nv_inference_compute_infer_duration_us: 1_200,
  nv_inference_request_failure: 1_200,
  request_predict_seconds: 720,
  ray_serve_num_http_requests_total: 600,
  ray_serve_num_http_error_requests_total: 600,

  minio_s3_requests_total: 1_000,
  minio_s3_requests_5xx_errors_total: 1_000,
  minio_s3_requests_ttfb_seconds_distribution: 1_000,
  minio_s3_traffic_sent_bytes: 1_000,
  ceph_osd_op_w_latency_sum: 1_800,
  ceph_osd_op_w_latency_count: 1_800,
  ceph_rgw_req: 1_200,
  ceph_rgw_failed_req: 1_200,
  etcd_server_proposals_committed_total: 3_600,
  etcd_server_proposals_failed_total: 3_600,
  grpc_server_handled_total: 3_600,
  etcd_disk_wal_fsync_duration_seconds: 3_600,
  kafka_topic_partition_current_offset: 5_000,
  kafka_consumergroup_current_offset: 5_000,
  flink_taskmanager_job_task_operator_numRecordsIn: 900,
  flink_taskmanager_job_task_operator_numLateRecordsDropped: 900,
  flink_jobmanager_job_numRestarts: Number.POSITIVE_INFINITY,
  flink_jobmanager_job_numberOfCompletedCheckpoints: 400,
  flink_jobmanager_job_numberOfFailedCheckpoints: 400,
  metrics_executor_completedTasks_total: 300,
  metrics_executor_failedTasks_total: 300,
  metrics_executor_totalInputBytes_bytes_total: 900,
  apiserver_request_total: 900,
};

/** In how many seconds a series grows by its value; null for one that is no counter. */
export function growthOf(name: string): number | null {
  return GROWTH[name] ?? GROWTH[name.replace(/_(bucket|sum|count)$/, '')] ?? null;
}
