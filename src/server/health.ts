import type { FastifyInstance } from 'fastify';
import type { Metrics } from './metrics.js';

export interface HealthOptions {
  /** What stands in the way of answering, in words; empty when nothing does. An unreachable data source does not. */
  readonly unready: () => Promise<readonly string[]>;
  readonly metrics: Metrics;
}

/** `/livez`: the process answers. `/readyz`: send it work. `/metrics`: what it measures of itself. */
export function serveHealth(app: FastifyInstance, { unready, metrics }: HealthOptions): void {
  app.get('/livez', async (_request, reply) =>
    reply.header('cache-control', 'no-store').type('text/plain').send('ok\n'),
  );
  app.get('/readyz', async (_request, reply) => {
    const reasons = await unready();
    return reply
      .header('cache-control', 'no-store')
      .code(reasons.length === 0 ? 200 : 503)
      .type('text/plain')
      .send(reasons.length === 0 ? 'ok\n' : `${reasons.join('\n')}\n`);
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}
