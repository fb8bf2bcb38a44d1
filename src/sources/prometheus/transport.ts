import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { TlsSettings } from './tls-files.js';

/** One request, relative to the base URL. */
export interface Sent {
  readonly method: string;
  /** With its query, without a slash at its beginning: `api/v1/query`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** What the connection is secured with; for https only. */
  readonly tls: TlsSettings['options'];
  readonly signal: AbortSignal;
  /** Bound on the answer, after decompression. */
  readonly maxBytes: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Decompressed. */
  readonly bytes: Buffer;
}

/** Connections to one base URL that are kept open. Redirects are not followed and no proxy is asked. */
export interface Transport {
  /** @throws AnswerTooLarge, the signal's reason, or the error of node:http when no whole answer comes */
  send(sent: Sent): Promise<Reply>;
  close(): void;
}

export class AnswerTooLarge extends Error {}

export function createTransport(url: string, maxSockets: number): Transport {
  const base = new URL(url.endsWith('/') ? url : `${url}/`);
  const secure = base.protocol === 'https:';
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, maxSockets })
    : new HttpAgent({ keepAlive: true, maxSockets });
  const request = secure ? requestHttps : requestHttp;
  const target = { ...urlToHttpOptions(base), agent };

  function send({ method, path, headers, body, tls, signal, maxBytes }: Sent): Promise<Reply> {
    return new Promise((resolve, reject) => {
      // A body of known length goes out in one write together with the head.
      const length = body === null ? {} : { 'Content-Length': Buffer.byteLength(body) };
      const options = { ...target, ...tls, method, path: base.pathname + path, headers: { ...headers, ...length } };
      const call = request(options, (answer) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        answer.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes > maxBytes) giveUp(new AnswerTooLarge());
          else parts.push(part);
        });
        answer.on('error', fail);
        answer.on('end', () => {
          signal.removeEventListener('abort', leave);
          const { statusCode: status = 0, headers: received } = answer;
          const whole = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, bytes);
          decoded(whole, received['content-encoding'], maxBytes).then(
            (bytes) => resolve({ status, headers: received, bytes }),
            reject,
          );
        });
      });
      const fail = (error: unknown) => {
        signal.removeEventListener('abort', leave);
        reject(error);
      };
      const giveUp = (error: unknown) => {
        fail(error);
        call.destroy();
      };
      const leave = () => giveUp(signal.reason);
      call.on('error', fail);
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) leave();
      else call.end(body);
    });
  }

  return { send, close: () => agent.destroy() };
}

const DECODERS: ReadonlyMap<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = new Map(
  [
    ['gzip', promisify(gunzip)],
    ['x-gzip', promisify(gunzip)],
    ['deflate', promisify(inflate)],
    ['br', promisify(brotliDecompress)],
  ],
);

async function decoded(bytes: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  const decode = DECODERS.get(encoding?.trim().toLowerCase() ?? '');
  if (decode === undefined) return bytes;
  try {
    return await decode(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    throw (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE' ? new AnswerTooLarge() : error;
  }
}
