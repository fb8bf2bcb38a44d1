/** Whether all is well: WARNING says that something is missing or doubtful, ERROR that something does not work. */
export type FindingLevel = 'OK' | 'WARNING' | 'ERROR';

/** What was looked at. */
export type FindingTopic =
  | 'configuration'
  | 'definitions'
  | 'store'
  | 'process'
  | 'reach'
  | 'clock'
  | 'exporter'
  | 'labels'
  | 'scrapes'
  | 'proxies'
  | 'slo';

/** One thing that an examination found. */
export interface Finding {
  readonly level: FindingLevel;
  readonly topic: FindingTopic;
  /** Null for what concerns the gateway itself. */
  readonly cluster: string | null;
  /** What was found; one line. */
  readonly message: string;
  /** What to do; null where nothing is to be done. */
  readonly advice: string | null;
  /** Fields of the graph that are null because of it, `Node.cpuUsage`; empty for most. */
  readonly fields: readonly string[];
}
