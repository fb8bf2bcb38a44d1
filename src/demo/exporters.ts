import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { exposition, type Target } from './target.js';

/** Serves the pages of all targets on one port of loopback, each under its own path. */
export async function serveTargets(targets: readonly Target[], port: number): Promise<Server> {
  const byPath = new Map(targets.map((target) => [target.path, target]));
  const server = createServer((request, response) => {
    const target = byPath.get(request.url ?? '');
    if (target === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('no such target\n');
      return;
    }
    const page = exposition(target, Date.now());
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(page);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
