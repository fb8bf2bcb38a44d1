import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { handleProtocols, type Server } from 'graphql-ws';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { isStill } from './auth.js';
import { type OriginRules, refusedOrigin } from './origin.js';
import { type Place, RETRY_SECONDS, type TakePlace, TRY_AGAIN_LATER } from './places.js';
import { MAX_STALL_MS, type Sink, SinkBackpressure, SLOW_CONSUMER, slowConsumer } from './sink.js';
import { createSocketOperations, type SocketOperationOptions, type SocketSession } from './socket-operations.js';

export interface WebSocketOptions extends Omit<SocketOperationOptions, 'onEnd'> {
  readonly path: string;
  readonly origins: OriginRules;
  readonly maxPayloadBytes: number;
  readonly takePlace: TakePlace;
  /** How often a silent client is asked whether it lives; one that does not answer before the next time is dropped. */
  readonly keepAliveMs?: number;
  /** How long a client may not read what it was sent. Default 30 s. */
  readonly maxStallMs?: number;
}

/** GraphQL over WebSocket. */
export interface WebSockets {
  /** For the HTTP server's `upgrade` event. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Answers the queries in flight, at most for the grace, then tells every client to come back later (1012). */
  close(graceMs: number): Promise<void>;
}

/** A client with more than this unread is not read either, so that it cannot make answers pile up. */
const MAX_UNREAD_BYTES = 262_144;
const LAST_WORDS_MS = 5_000;
const SERVICE_RESTART = 1012;

export function createWebSockets(options: WebSocketOptions): WebSockets {
  const { authenticator, log, metrics, maxPayloadBytes, origins, path } = options;
  const server = new WebSocketServer({ noServer: true, maxPayload: maxPayloadBytes, handleProtocols });
  const sessions = new Set<SocketSession>();
  const idleListeners = new Set<() => void>();
  const operations = createSocketOperations({
    ...options,
    onEnd: () => {
      for (const listener of idleListeners) listener();
    },
  });
  let draining = false;

  authenticator.onChange(() => {
    for (const { caller, authorization, socket } of sessions) {
      if (caller !== null && !isStill(authenticator, caller, authorization)) socket.close(4403, 'Forbidden');
    }
  });

  const accept = (socket: WebSocket, request: IncomingMessage, place: Place) => {
    const requestId = randomUUID();
    const sink = sinkOf(socket, request.socket, () =>
      log.info({ requestId }, 'a client that stopped reading is closed'),
    );
    const session: SocketSession = {
      socket,
      transport: request.socket,
      place,
      requestId,
      authorization: request.headers.authorization,
      caller: null,
      operations: new Map(),
      backpressure: new SinkBackpressure(sink, options.maxStallMs ?? MAX_STALL_MS),
      together(act) {
        request.socket.cork();
        try {
          act();
        } finally {
          request.socket.uncork();
        }
      },
    };
    sessions.add(session);
    metrics.sockets.set(sessions.size);
    socket.on('error', (error) => log.debug({ requestId: session.requestId, err: error }, 'a WebSocket failed'));
    socket.once('close', () => {
      sessions.delete(session);
      metrics.sockets.set(sessions.size);
    });
    holdBack(socket, request.socket);
    keepAlive(session, options.keepAliveMs ?? 12_000);
    speak(operations, session, options);
  };

  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const refusal = refuseUpgrade(request, { draining, path, origins });
      if (refusal !== null) return refuse(socket, ...refusal);
      const place = options.takePlace();
      if (place === null)
        return refuse(socket, '503 Service Unavailable', 'All connections are taken; come back later');
      socket.once('close', () => place.leave());
      server.handleUpgrade(request, socket, head, (accepted) => accept(accepted, request, place));
    },
    async close(graceMs) {
      draining = true;
      const busy = () =>
        [...sessions].some(({ operations }) => [...operations.values()].some(({ type }) => type !== 'subscription'));
      if (busy()) {
        const idle = new Promise<void>((resolve) => idleListeners.add(() => !busy() && resolve()));
        await Promise.race([idle, setTimeout(graceMs, undefined, { ref: false })]);
        // The last answer's `complete` is written in the turn that follows.
        await setImmediate();
      }
      const closed = [...sessions].map(({ socket }) => new Promise((resolve) => socket.once('close', resolve)));
      for (const { socket } of sessions)
        socket.close(SERVICE_RESTART, 'The gateway is restarting; come back with your cursor');
      await Promise.race([Promise.all(closed), setTimeout(1_000, undefined, { ref: false })]);
      for (const { socket } of sessions) socket.terminate();
      server.close();
    },
  };
}

/** Hands the messages of a socket to the protocol. */
function speak(operations: Server<SocketSession>, session: SocketSession, { log }: WebSocketOptions): void {
  const { socket, requestId } = session;
  let receive: ((text: string) => Promise<void>) | undefined;
  const closed = operations.opened(
    {
      protocol: socket.protocol,
      // Resolves when the kernel has taken the message: a client that does not read stops its own stream.
      send: (text) =>
        new Promise((resolve, reject) => {
          if (socket.readyState !== socket.OPEN) resolve();
          else socket.send(text, (error) => (error == null ? resolve() : reject(error)));
        }),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (callback) => {
        receive = callback;
      },
    },
    session,
  );
  socket.on('message', (data: RawData) => {
    receive?.(data.toString()).catch((error: unknown) => {
      if (socket.readyState !== socket.OPEN) return;
      log.error({ requestId, err: error }, 'a message could not be handled');
      socket.close(TRY_AGAIN_LATER, 'Internal server error');
    });
  });
  socket.once('close', (code, reason) => void closed(code, reason.toString()));
}

/** Whatever is answered at once, pings of both protocols and refusals, waits until the client has read what it has. */
function holdBack(socket: WebSocket, transport: Duplex): void {
  const hold = () => {
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.pause();
  };
  socket.on('message', hold).on('ping', hold);
  transport.on('drain', () => socket.resume());
}

function sinkOf(socket: WebSocket, transport: Duplex, onDismiss: () => void): Sink {
  return {
    stream: transport,
    dismiss(cursor) {
      onDismiss();
      socket.close(SLOW_CONSUMER, slowConsumer(cursor));
      // The closing words come behind what is not read; who does not read in time does not hear them.
      void setTimeout(LAST_WORDS_MS, undefined, { ref: false }).then(() => socket.terminate());
    },
  };
}

/** Told by the transport's own pings, which every client answers; one that still reads has not come to them yet. */
function keepAlive({ socket, backpressure }: SocketSession, intervalMs: number): void {
  let alive = true;
  let unread = 0;
  socket.on('pong', () => {
    alive = true;
  });
  const timer = setInterval(() => {
    // One that stalls cannot come to the ping; how long it may is told elsewhere.
    if (backpressure.isStalled()) return;
    if (!alive && socket.bufferedAmount >= unread) return socket.terminate();
    alive = false;
    unread = socket.bufferedAmount;
    socket.ping();
  }, intervalMs);
  socket.once('close', () => clearInterval(timer));
}

function refuseUpgrade(
  { headers, url = '' }: IncomingMessage,
  { draining, path, origins }: { draining: boolean; path: string; origins: OriginRules },
): [status: string, message: string] | null {
  if (url.split('?')[0] !== path) return ['404 Not Found', `WebSockets are served at ${path}`];
  const origin = refusedOrigin(headers, origins);
  if (origin !== null) return ['403 Forbidden', origin];
  if (draining) return ['503 Service Unavailable', 'The gateway is shutting down'];
  return null;
}

function refuse(socket: Duplex, status: string, message: string): void {
  const body = `${message}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\n${status.startsWith('503') ? `retry-after: ${RETRY_SECONDS}\r\n` : ''}content-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
