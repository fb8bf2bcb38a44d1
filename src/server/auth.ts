import { unwatchFile, watchFile } from 'node:fs';
import type { Logger } from 'pino';
import { type Caller, everything } from '../domain/access.js';
import { AccessError, ConfigError, type Problem } from '../domain/errors.js';
import { isLoopback } from './origin.js';
import { readTokens, type TokenTable } from './tokens.js';

export interface AuthOptions {
  readonly listenHost: string;
  /** File of bearer tokens; null lets everybody in as `local`. */
  readonly tokensFile: string | null;
  /** Listens beyond loopback without tokens. */
  readonly insecure: boolean;
}

/** Who is calling. */
export interface Authenticator {
  /**
   * @param authorization `Bearer <token>`, as a header or a connection parameter
   * @throws AccessError UNAUTHENTICATED when nobody is known by it, FORBIDDEN when who it is may not read
   */
  callerOf(authorization: string | undefined): Caller;
  /** Calls back after the tokens changed, since a stream may belong to one that is gone. */
  onChange(listener: () => void): void;
  close(): void;
}

/** Whether a token still stands for the same caller, with the same rights: a stream of any other must end. */
export function isStill({ callerOf }: Authenticator, caller: Caller, authorization: string | undefined): boolean {
  try {
    return isSame(callerOf(authorization), caller);
  } catch {
    // Nobody is known by this token any more.
    return false;
  }
}

function isSame(one: Caller, other: Caller): boolean {
  return (
    one.name === other.name &&
    one.scope.key === other.scope.key &&
    one.rights.size === other.rights.size &&
    [...one.rights].every((right) => other.rights.has(right))
  );
}

/** Free PromQL is never given by default. */
const local: Caller = { name: 'local', scope: everything, rights: new Set(['read', 'acknowledge', 'correct']) };

/**
 * The tokens that count, null where everybody is let in.
 * @throws ConfigError when the tokens file has problems, or when there is none and others than this machine could call
 */
export function readAccess({ listenHost, tokensFile, insecure }: AuthOptions): TokenTable | null {
  if (tokensFile !== null) return readTokens(tokensFile);
  if (!isLoopback(listenHost) && !insecure) throw new ConfigError([openToAll(listenHost)]);
  return null;
}

/** @throws ConfigError as `readAccess` */
export function createAuthenticator(options: AuthOptions, log: Logger): Authenticator {
  const { tokensFile } = options;
  const tokens = readAccess(options);
  if (tokens === null || tokensFile === null) return { callerOf: () => local, onChange: () => {}, close: () => {} };
  let table = tokens;
  const listeners: (() => void)[] = [];
  const reread = () => {
    try {
      table = readTokens(tokensFile);
    } catch (error) {
      log.error({ err: error }, 'the tokens file cannot be used; the tokens read before stay in force');
      return;
    }
    log.info({ file: tokensFile }, 'tokens read again');
    for (const listener of listeners) listener();
  };
  // Looks instead of being told: mounted secrets are swapped by a link, which no event of the file itself reports.
  watchFile(tokensFile, { interval: 1_000, persistent: false }, reread);
  return {
    callerOf: (authorization) => bearer(table, authorization),
    onChange: (listener) => void listeners.push(listener),
    close: () => unwatchFile(tokensFile, reread),
  };
}

function bearer(table: TokenTable, authorization: string | undefined): Caller {
  if (authorization === undefined || authorization === '') {
    throw new AccessError('UNAUTHENTICATED', 'A bearer token is needed: send `Authorization: Bearer <token>`');
  }
  const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  const caller = token === undefined ? null : table.callerOf(token);
  if (caller === null) throw new AccessError('UNAUTHENTICATED', 'The bearer token is not valid');
  if (!caller.rights.has('read')) throw new AccessError('FORBIDDEN', 'The bearer token gives no right to read');
  return caller;
}

function openToAll(host: string): Problem {
  return {
    path: 'listen.host',
    message: `${host} can be reached from other machines and no tokens are configured; set tokensFile, listen on 127.0.0.1, or start with --insecure to let everybody in`,
    severity: 'ERROR',
  };
}
