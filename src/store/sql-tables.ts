import type { Generated } from 'kysely';

/** Times are milliseconds since the epoch. `body` is the violation as it stood after the event. */
export interface EventTable {
  seq: Generated<number>;
  event_id: string;
  violation_id: string;
  transition: string;
  evaluated_at_ms: number;
  emitted_at_ms: number;
  late: number;
  /** When the event took effect in the world: start, change of severity, or resolution. */
  effective_at_ms: number;
  slo: string;
  kind: string;
  severity: string;
  status: string;
  cluster: string;
  namespace: string | null;
  started_at_ms: number;
  /** 1 for the newest event of its violation. */
  newest: number;
  body: string;
}

export interface StoreTables {
  event: EventTable;
  delivery: {
    violation_id: string;
    sink: string;
    state: string;
    attempts: number;
    last_error: string | null;
    delivered_at_ms: number | null;
  };
  sink_position: { sink: string; seq: number };
  consumer: { caller: string; name: string; seq: number };
  meta: { name: string; value: string };
  ledger_stream: LedgerStreamTable;
  ledger_block: LedgerBlockTable;
}

export interface LedgerStreamTable {
  id: Generated<number>;
  key: string;
  used_at_ms: number;
  snapshot: Buffer | null;
  /** Blocks up to this one are contained in the snapshot. */
  snapshot_seq: number;
}

export interface LedgerBlockTable {
  seq: Generated<number>;
  slice_ms: number;
  from_ms: number;
  to_ms: number;
  closed_ms: number;
  /** `sql-ledger-block.ts` */
  payload: Buffer;
}
