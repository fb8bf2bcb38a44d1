import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { onTestFinished } from 'vitest';

/** A proxy that passes everything on and keeps what was asked. */
export interface RecordingProxy {
  readonly url: string;
  /** PromQL seen so far, in order: of `/api/v1/query` and `/api/v1/query_range`. */
  readonly promql: string[];
  /** The instants they were asked for, as they were written; null where none was. */
  readonly times: (string | null)[];
}

/** Starts a recording proxy before a Prometheus. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const promql: string[] = [];
  const times: (string | null)[] = [];
  const server: Server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const body = Buffer.concat(parts);
      const url = new URL(incoming.url ?? '/', target);
      if (/\/api\/v1\/query(_range)?$/.test(url.pathname)) {
        const form = new URLSearchParams(body.toString());
        promql.push(form.get('query') ?? url.searchParams.get('query') ?? '');
        times.push(form.get('time') ?? url.searchParams.get('time'));
      }
      const onward = request(
        url,
        { method: incoming.method, headers: { ...incoming.headers, host: url.host } },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        },
      );
      onward.on('error', () => outgoing.destroy());
      onward.end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, promql, times };
}
