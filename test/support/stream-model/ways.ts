import type { Severity } from '../../../src/domain/slo.js';
import type { Transport } from './connection.js';
import type { Memory } from './consumer.js';
import { overGraphqlStream, overPages, overViolationStream, overWebSocket } from './transports.js';

/** All ways to follow violations; the first two and the fourth share what the server executes. */
export const ways: readonly (readonly [name: string, Transport, Memory, Severity | null])[] = [
  ['websocket', overWebSocket, 'cursor', null],
  ['websocket-again', overWebSocket, 'cursor', null],
  ['websocket-pages', overWebSocket, 'cursor', 'PAGE'],
  ['graphql-stream', overGraphqlStream, 'cursor', null],
  ['violations-stream', overViolationStream, 'last id', null],
  ['violations-stream-tickets', overViolationStream, 'last id', 'TICKET'],
  ['pages', overPages, 'page', null],
  ['held-by-server', overWebSocket, 'none', null],
];
