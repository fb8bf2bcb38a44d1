/** The floor: ws, and one constant buffer sent to every socket. */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { nowNs } from './operation.js';
import { obey } from './orders.js';

const payload = Buffer.alloc(Number(process.argv[2]), 'x');
const http = createServer();
const server = new WebSocketServer({ server: http });
http.listen(0, '127.0.0.1', () => {
  const { port } = http.address() as { port: number };
  obey(`ws://127.0.0.1:${port}/`, (count) => {
    const committedNs = nowNs();
    for (let event = 0; event < count; event += 1) {
      for (const socket of server.clients) socket.send(payload, { binary: false });
    }
    return committedNs;
  });
});
