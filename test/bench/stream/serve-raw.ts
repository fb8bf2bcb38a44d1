/**
 * The floor: ws, and one constant buffer sent to every socket. With a second argument it inserts a row first, synced like a
 * commit of the store: what nothing that keeps events before it sends them can do without.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { nowNs, violation } from './operation.js';
import { obey } from './orders.js';
import { openRawLog } from './raw-log.js';

const [, , bytes, durable] = process.argv;
const payload = Buffer.alloc(Number(bytes), 'x');
const insert = durable === undefined ? () => {} : rawInsert();
const http = createServer();
const server = new WebSocketServer({ server: http });
let id = 0;
http.listen(0, '127.0.0.1', () => {
  const { port } = http.address() as { port: number };
  obey(`ws://127.0.0.1:${port}/`, (count) => {
    for (let event = 0; event < count; event += 1) {
      id += 1;
      insert(`event-${id}`, JSON.stringify(violation(`v${id}`)));
    }
    const committedNs = nowNs();
    for (let event = 0; event < count; event += 1) {
      for (const socket of server.clients) socket.send(payload, { binary: false });
    }
    return committedNs;
  });
});

function rawInsert(): (eventId: string, body: string) => void {
  const folder = mkdtempSync(join(tmpdir(), 'slograph-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return openRawLog(join(folder, 'raw.db')).insert;
}
