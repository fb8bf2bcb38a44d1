import { createApollo } from './apollo.js';
import { type AuthOptions, createAuthenticator } from './auth.js';
import { createEventStreams } from './event-stream.js';
import { serveGraphqlStream } from './graphql-stream.js';
import { serveHealth } from './health.js';
import { createHttp, type HttpOptions, serveGraphql } from './http.js';
import { createHub } from './hub.js';
import { createGate, type Limits } from './limits.js';
import type { OperationOptions } from './operations.js';
import { createPlaces, type PlaceLimits } from './places.js';
import { serveViolations } from './violation-routes.js';
import { serveWebPages } from './web-pages.js';
import { createWebSockets } from './websocket.js';

export interface ServerOptions extends Omit<OperationOptions, 'gate'> {
  /** Port 0 takes any that is free. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Origins that browsers may call from, beside the gateway's own. */
  readonly allowedOrigins: readonly string[];
  readonly tokensFile: string | null;
  readonly insecure: boolean;
  readonly limits: Limits & PlaceLimits & { readonly maxBodyBytes: number; readonly maxSubscriptionsPerSocket: number };
  /** How long work in flight may take to finish once the server stops. */
  readonly shutdownGraceMs: number;
  /** How often a silent WebSocket is asked whether it lives. Default 12 s. */
  readonly keepAliveMs?: number;
  /** How long a subscriber may not read what it was sent. Default 30 s. */
  readonly maxStallMs?: number;
  /** What stands in the way of answering, in words; empty when nothing does. */
  readonly unready: () => Promise<readonly string[]>;
}

export interface GatewayServer {
  readonly url: string;
  readonly port: number;
  /** Not ready; work in flight finishes within the grace, sockets are told, then nothing listens any more. */
  stop(): Promise<void>;
}

/**
 * Listens on one port: GraphQL over HTTP and WebSocket, the query editor, health and metrics.
 * @throws ConfigError when the tokens cannot be read, or others than this machine could call without any
 */
export async function startServer(options: ServerOptions): Promise<GatewayServer> {
  const { listen, limits, log, shutdownGraceMs } = options;
  const auth: AuthOptions = { listenHost: listen.host, tokensFile: options.tokensFile, insecure: options.insecure };
  const authenticator = createAuthenticator(auth, log);
  const http: HttpOptions = {
    ...options,
    authenticator,
    gate: createGate(options.schema, limits),
    origins: { listenHost: listen.host, allowedOrigins: options.allowedOrigins },
    maxBodyBytes: limits.maxBodyBytes,
  };
  const hub = createHub(http);
  const takePlace = createPlaces(limits, options.metrics);
  const streams = createEventStreams({ ...options, authenticator, takePlace });
  const sockets = createWebSockets({
    ...http,
    hub,
    takePlace,
    path: '/graphql',
    maxPayloadBytes: limits.maxBodyBytes,
    maxSubscriptionsPerSocket: limits.maxSubscriptionsPerSocket,
  });
  const app = createHttp(http);
  const apollo = createApollo({
    ...http,
    httpServer: app.server,
    maxTokens: limits.maxTokens,
    graceMs: shutdownGraceMs,
  });
  let stopping = false;
  const close = async (graceMs: number) => {
    stopping = true;
    // Sockets come first and HTTP is served meanwhile, but both have the same grace.
    const grace = setTimeout(() => app.server.closeAllConnections(), graceMs);
    // Each stream ends behind its last event, whose cursor leads on elsewhere.
    streams.close();
    await sockets.close(graceMs);
    await apollo.stop();
    await app.close();
    clearTimeout(grace);
    authenticator.close();
  };
  await apollo.start();
  try {
    await serveGraphql(app, apollo, http);
    serveGraphqlStream(app, { ...http, hub, streams });
    serveViolations(app, { ...http, hub, streams });
    await serveWebPages(app);
    serveHealth(app, {
      unready: async () => (stopping ? ['shutting down'] : options.unready()),
      metrics: options.metrics,
    });
    app.server.on('upgrade', sockets.upgrade);
    await app.listen({ host: listen.host, port: listen.port });
  } catch (error) {
    await close(0);
    throw error;
  }
  const { port } = app.server.address() as { port: number };
  return {
    url: `http://${shownHost(listen.host)}:${port}`,
    port,
    stop: () => close(shutdownGraceMs),
  };
}

/** A host that a browser on this machine can open. */
function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
