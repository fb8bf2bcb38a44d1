import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A way through TCP to a server that a test can cut. */
export interface CuttableProxy {
  readonly port: number;
  /** Connections that were made so far. */
  connections(): number;
  /** Ends every connection, as a network does: without a goodbye. */
  cut(): void;
  /** While true new connections are cut at once. */
  refuses: boolean;
}

export async function cuttableProxy(targetPort: number): Promise<CuttableProxy> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    if (proxy.refuses) return void client.destroy();
    const target = dial(targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        other.destroy();
      });
    }
    client.pipe(target).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: CuttableProxy = {
    port: (server.address() as { port: number }).port,
    connections: () => connections,
    refuses: false,
    cut() {
      for (const socket of open) socket.destroy();
    },
  };
  onTestFinished(() => {
    proxy.cut();
    server.close();
  });
  return proxy;
}
