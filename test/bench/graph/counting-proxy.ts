import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';

/** A proxy before a Prometheus that counts what passes. */
export interface CountingProxy {
  readonly url: string;
  /** PromQL and bytes of their answers since the last call. */
  take(): { readonly requests: number; readonly bytes: number };
  close(): void;
}

export async function startCountingProxy(target: string): Promise<CountingProxy> {
  let requests = 0;
  let bytes = 0;
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', target);
    const counts = /\/api\/v1\/query(_range)?$/.test(url.pathname);
    if (counts) requests += 1;
    // Bytes are counted as they were written: some clients would have them compressed.
    const headers = { ...incoming.headers, host: url.host, 'accept-encoding': 'identity' };
    const onward = request(url, { method: incoming.method, headers, agent }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      if (counts) answer.on('data', (part: Buffer) => (bytes += part.length));
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    take() {
      const counted = { requests, bytes };
      requests = 0;
      bytes = 0;
      return counted;
    },
    close() {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}
