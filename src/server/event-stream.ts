import type { FastifyReply } from 'fastify';
import type { Caller } from '../domain/access.js';
import { GatewayError } from '../domain/errors.js';
import { type Authenticator, isStill } from './auth.js';
import { answer } from './http.js';
import { RETRY_SECONDS, type TakePlace } from './places.js';
import { type Backpressure, SinkBackpressure } from './sink.js';

/** An answer of server-sent events: it does not end by itself. */
export interface EventStream {
  readonly backpressure: Backpressure;
  /** Aborted when the client has gone away. */
  readonly gone: AbortSignal;
  /** @param head complete lines (`event: next\ndata: `); the data follow, in one line. */
  send(head: string, data: Buffer | string): void;
  together(act: () => void): void;
  end(): void;
}

/** The streams that are open, so that all can be ended. */
export interface EventStreams {
  /** The stream ends when its token does not stand for the caller any more. Null: there is no place, and the answer says so. */
  open(reply: FastifyReply, caller: Caller): EventStream | null;
  /** Aborted when the gateway begins to stop: whoever waits for news is answered with what there is. */
  readonly closing: AbortSignal;
  /** Ends every stream behind what was sent; a client comes back with its cursor. */
  close(): void;
}

export interface EventStreamOptions {
  readonly takePlace: TakePlace;
  readonly authenticator: Authenticator;
  /** How often a silent stream says that it lives. Default 12 s. */
  readonly keepAliveMs?: number;
  /** How long a client may not read what it was sent. Default 30 s. */
  readonly maxStallMs?: number;
}

export function createEventStreams(options: EventStreamOptions): EventStreams {
  const { authenticator, takePlace, keepAliveMs = 12_000, maxStallMs } = options;
  const closing = new AbortController();
  const streams = new Map<EventStream, () => boolean>();
  authenticator.onChange(() => {
    for (const [stream, isValid] of [...streams]) if (!isValid()) stream.end();
  });
  return {
    open(reply, caller) {
      const place = closing.signal.aborted ? null : takePlace();
      if (place === null) {
        const why = closing.signal.aborted
          ? 'The gateway is shutting down'
          : 'All connections are taken; come back later';
        refuse(reply, 503, why);
        return null;
      }
      if (!place.giveTo(caller)) {
        place.leave();
        refuse(reply, 429, 'This caller has as many connections as it may; close some or come back later');
        return null;
      }
      if (reply.raw.closed) place.leave();
      reply.raw.once('close', () => place.leave());
      const { authorization } = reply.request.headers;
      const stream = openStream(reply, keepAliveMs, maxStallMs);
      streams.set(stream, () => isStill(authenticator, caller, authorization));
      stream.gone.addEventListener('abort', () => streams.delete(stream));
      return stream;
    },
    closing: closing.signal,
    close() {
      closing.abort();
      for (const stream of [...streams.keys()]) stream.end();
    },
  };
}

function refuse(reply: FastifyReply, status: number, message: string): void {
  reply.header('retry-after', `${RETRY_SECONDS}`);
  answer(reply.request, reply, status, new GatewayError('LIMIT_EXCEEDED', message, true));
}

function openStream(reply: FastifyReply, keepAliveMs: number, maxStallMs: number | undefined): EventStream {
  // Past the hooks of answers that end: nothing may gather or compress what is sent.
  reply.hijack();
  const { raw } = reply;
  const controller = new AbortController();
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  raw.flushHeaders();
  const heartbeat = setInterval(() => {
    if (raw.writableLength === 0) raw.write(':\n\n');
  }, keepAliveMs);
  raw.on('error', () => raw.destroy());
  raw.once('close', () => {
    clearInterval(heartbeat);
    controller.abort();
  });
  // There is no closing word in this protocol; the client has the cursor of the last event it read.
  const sink = { stream: raw, dismiss: () => void raw.destroy() };
  return {
    backpressure: new SinkBackpressure(sink, maxStallMs),
    gone: controller.signal,
    send(head, data) {
      if (raw.writableEnded) return;
      raw.cork();
      raw.write(head);
      raw.write(data);
      raw.write('\n\n');
      raw.uncork();
    },
    together(act) {
      raw.cork();
      try {
        act();
      } finally {
        raw.uncork();
      }
    },
    end() {
      clearInterval(heartbeat);
      if (!raw.writableEnded) raw.end();
    },
  };
}
