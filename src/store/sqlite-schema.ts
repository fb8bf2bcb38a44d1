/** What `PRAGMA application_id` of our files says: the letters SLOG. */
export const applicationId = 0x534c4f47;

/** Statements that bring a store from version N to N + 1. A published entry is never edited: a change is a new one. */
export const migrations: readonly (readonly string[])[] = [
  [
    'CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT',
    `CREATE TABLE event (
      seq INTEGER PRIMARY KEY,
      event_id TEXT NOT NULL UNIQUE,
      violation_id TEXT NOT NULL,
      transition TEXT NOT NULL,
      evaluated_at_ms INTEGER NOT NULL,
      emitted_at_ms INTEGER NOT NULL,
      late INTEGER NOT NULL,
      effective_at_ms INTEGER NOT NULL,
      slo TEXT NOT NULL,
      kind TEXT NOT NULL,
      severity TEXT NOT NULL,
      status TEXT NOT NULL,
      cluster TEXT NOT NULL,
      namespace TEXT,
      started_at_ms INTEGER NOT NULL,
      newest INTEGER NOT NULL,
      body TEXT NOT NULL
    )`,
    'CREATE INDEX event_of_violation ON event (violation_id, seq)',
    'CREATE INDEX event_newest ON event (newest, started_at_ms)',
    `CREATE TABLE delivery (
      violation_id TEXT NOT NULL,
      sink TEXT NOT NULL,
      state TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      last_error TEXT,
      delivered_at_ms INTEGER,
      PRIMARY KEY (violation_id, sink)
    )`,
    'CREATE TABLE sink_position (sink TEXT PRIMARY KEY, seq INTEGER NOT NULL)',
  ],
  // Without statistics SQLite takes the index with most of the columns that are compared, and the order wanted: one that
  // lacks either loses to `event_newest`, by which it reads every violation there ever was.
  [
    'DROP INDEX event_of_violation',
    'CREATE INDEX event_of_violation ON event (violation_id, newest, started_at_ms)',
    'CREATE INDEX event_open ON event (newest, status, started_at_ms)',
    'CREATE INDEX event_of_slo ON event (slo, newest, started_at_ms)',
  ],
  // A block holds what one PromQL answered, for all its streams at once: a minute is one row, however many streams there
  // are. Numbers are never given twice, though old blocks go, since snapshots refer to them.
  [
    `CREATE TABLE ledger_stream (
      id INTEGER PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      used_at_ms INTEGER NOT NULL,
      snapshot BLOB,
      snapshot_seq INTEGER NOT NULL
    )`,
    `CREATE TABLE ledger_block (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      slice_ms INTEGER NOT NULL,
      from_ms INTEGER NOT NULL,
      to_ms INTEGER NOT NULL,
      closed_ms INTEGER NOT NULL,
      payload BLOB NOT NULL
    )`,
    'CREATE INDEX ledger_stream_snapshot ON ledger_stream (snapshot_seq)',
  ],
  // The first event that can be replayed: what is older is kept only for as long as its violation is.
  ["INSERT INTO meta VALUES ('oldest', '1')"],
  [
    `CREATE TABLE consumer (
      caller TEXT NOT NULL,
      name TEXT NOT NULL,
      seq INTEGER NOT NULL,
      PRIMARY KEY (caller, name)
    )`,
  ],
];
