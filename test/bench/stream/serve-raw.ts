/** The floor: ws, and one constant buffer sent to every socket. */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { nowNs, type Order } from './operation.js';

process.on('disconnect', () => process.exit(0));
const payload = Buffer.alloc(Number(process.argv[2]), 'x');
const http = createServer();
const server = new WebSocketServer({ server: http });
process.on('message', ({ kind }: Order) => {
  if (kind !== 'fire') return;
  const committedNs = nowNs();
  for (const socket of server.clients) socket.send(payload, { binary: false });
  process.send?.({ committedNs });
});
http.listen(0, '127.0.0.1', () => {
  const { port } = http.address() as { port: number };
  process.send?.({ url: `ws://127.0.0.1:${port}/` });
});
