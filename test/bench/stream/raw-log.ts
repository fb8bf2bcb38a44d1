import Database from 'libsql';

/** A table of events as small as can be, whose every insert is on the disk when it returns. */
export function openRawLog(path: string): { insert(eventId: string, body: string): void; close(): void } {
  const file = new Database(path);
  file.exec('PRAGMA journal_mode = WAL');
  file.exec('PRAGMA synchronous = FULL');
  file.exec('CREATE TABLE event (seq INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, body TEXT NOT NULL)');
  const statement = file.prepare('INSERT INTO event (event_id, body) VALUES (?, ?)');
  return {
    insert: (eventId, body) => void statement.run(eventId, body),
    close: () => file.close(),
  };
}
