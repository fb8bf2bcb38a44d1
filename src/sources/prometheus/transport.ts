import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { urlToHttpOptions } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Headers } from './headers-file.js';
import type { TlsSettings } from './tls-files.js';

/** One request, relative to the base URL. */
export interface Sent {
  readonly method: string;
  /** With its query, without a slash at its beginning: `api/v1/query`. */
  readonly path: string;
  readonly headers: Headers;
  /** A form; null where there is none. */
  readonly body: string | null;
  /** What the connection is secured with; for https only. */
  readonly tls: TlsSettings['options'];
  readonly signal: AbortSignal | undefined;
  /** Until the answer is whole. */
  readonly timeoutMs: number;
  /** Bound on the answer, after decompression. */
  readonly maxBytes: number;
}

export interface Reply {
  readonly status: number;
  /** Names and values in turn, as they came. */
  readonly headers: readonly string[];
  /** Decompressed. */
  readonly bytes: Buffer;
}

/** Connections to one base URL that are kept open. Redirects are not followed and no proxy is asked. */
export interface Transport {
  /** @throws AnswerTooLarge, TooLate, the signal's reason, or the error of node:http when no whole answer comes */
  send(sent: Sent): Promise<Reply>;
  close(): void;
}

export class AnswerTooLarge extends Error {}

export class TooLate extends Error {}

export function createTransport(url: string, maxSockets: number): Transport {
  const base = new URL(url.endsWith('/') ? url : `${url}/`);
  const secure = base.protocol === 'https:';
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, maxSockets })
    : new HttpAgent({ keepAlive: true, maxSockets });
  const request = secure ? requestHttps : requestHttp;
  const { hostname, port } = urlToHttpOptions(base);
  const target = { hostname, port, agent };
  const linesOf = headerLines(base.host);

  function send({ method, path, headers, body, tls, signal, timeoutMs, maxBytes }: Sent): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { lines, servername } = linesOf(headers);
      const call = request({
        ...target,
        servername,
        ...tls,
        method,
        path: base.pathname + path,
        // A body of known length goes out in one write together with the head.
        headers: body === null ? lines : [...lines, ...FORM, 'Content-Length', String(Buffer.byteLength(body))],
      });
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', leave);
      };
      const giveUp = (error: unknown) => {
        settle();
        reject(error);
        call.destroy();
      };
      const leave = () => giveUp(signal?.reason);
      const timer = setTimeout(() => giveUp(new TooLate('too late')), timeoutMs);
      call.on('error', giveUp);
      call.on('response', (answer) => {
        collect(answer, maxBytes, giveUp, (bytes) => {
          settle();
          resolve({ status: answer.statusCode ?? 0, headers: answer.rawHeaders, bytes });
        });
      });
      signal?.addEventListener('abort', leave, { once: true });
      if (signal?.aborted === true) leave();
      else call.end(body);
    });
  }

  return { send, close: () => agent.destroy() };
}

/** Calls one of the two, and the first call counts: with the whole answer, decompressed, or with what went wrong. */
function collect(
  answer: IncomingMessage,
  maxBytes: number,
  fail: (error: unknown) => void,
  done: (bytes: Buffer) => void,
): void {
  const parts: Buffer[] = [];
  let length = 0;
  answer.on('data', (part: Buffer) => {
    length += part.length;
    if (length > maxBytes) fail(new AnswerTooLarge('too large'));
    else parts.push(part);
  });
  answer.on('error', fail);
  answer.on('end', () => {
    const whole = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, length);
    const encoding = headerOf(answer.rawHeaders, 'content-encoding');
    if (encoding === null) done(whole);
    else decoded(whole, encoding, maxBytes).then(done, fail);
  });
}

/** The value of a header; null when there is none. @param name in lower case */
export function headerOf(headers: readonly string[], name: string): string | null {
  for (let place = 0; place < headers.length; place += 2) {
    const candidate = headers[place] as string;
    if (candidate.length === name.length && candidate.toLowerCase() === name) return headers[place + 1] ?? null;
  }
  return null;
}

interface HeaderLines {
  /** Names and values in turn: node:http writes them down as they are, where it looks at each of an object's. */
  readonly lines: readonly string[];
  /** What a secured connection is to be for; undefined where that is the host of the URL. */
  readonly servername: string | undefined;
}

/** What goes before the headers of a source, made once for each set of them. */
function headerLines(host: string): (headers: Headers) => HeaderLines {
  const known = new WeakMap<Headers, HeaderLines>();
  return (headers) => {
    const before = known.get(headers);
    if (before !== undefined) return before;
    // The last of a name counts, in whatever case.
    const own = new Map(Object.entries(headers).map((header) => [header[0].toLowerCase(), header] as const));
    if (own.get('host')?.[1] === '') own.delete('host');
    const asked = own.get('host')?.[1];
    const lines = [...(asked === undefined ? ['Host', host] : []), ...[...own.values()].flat()];
    const made = { lines, servername: asked === undefined ? undefined : hostNameOf(asked) };
    known.set(headers, made);
    return made;
  };
}

/** As TLS wants it: an address names no server. */
function hostNameOf(host: string): string {
  const name = host.replace(/:\d*$/, '').replace(/^\[|\]$/g, '');
  return isIP(name) === 0 ? name : '';
}

const FORM = ['Content-Type', 'application/x-www-form-urlencoded'];

const DECODERS: ReadonlyMap<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = new Map(
  [
    ['gzip', promisify(gunzip)],
    ['x-gzip', promisify(gunzip)],
    ['deflate', promisify(inflate)],
    ['br', promisify(brotliDecompress)],
  ],
);

async function decoded(bytes: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  const decode = DECODERS.get(encoding.trim().toLowerCase());
  if (decode === undefined) return bytes;
  try {
    return await decode(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    throw (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE' ? new AnswerTooLarge('too large') : error;
  }
}
