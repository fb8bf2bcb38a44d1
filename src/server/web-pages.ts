import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Two folders up is the package's root, from `src/server` as from `dist/server`. */
const built = fileURLToPath(new URL('../../dist/web/graphiql', import.meta.url));

/** The editor's styles are inserted by script; its fonts and icons come as data. Nothing comes from elsewhere. */
const policy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The query editor at /graphiql/, from files alone. */
export async function serveWebPages(app: FastifyInstance, folder = built): Promise<void> {
  app.get('/', async (request, reply) => {
    if (/\btext\/html\b/.test(request.headers.accept ?? '')) return reply.redirect('/graphiql/');
    return { name: 'slograph', graphql: '/graphql', graphiql: '/graphiql/', ready: '/readyz', metrics: '/metrics' };
  });
  app.get('/graphiql', async (_request, reply) => reply.redirect('/graphiql/'));
  if (!existsSync(folder)) {
    app.get('/graphiql/', async (_request, reply) =>
      reply.code(404).type('text/plain').send('The query editor has not been built: npm run build\n'),
    );
    return;
  }
  await app.register(fastifyStatic, {
    root: folder,
    prefix: '/graphiql/',
    setHeaders: (reply, path) => {
      reply.header('content-security-policy', policy);
      reply.header('referrer-policy', 'no-referrer');
      // Vite puts a hash of the content into the name of everything but the page itself.
      reply.header('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}
