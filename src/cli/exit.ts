import { CommanderError } from 'commander';
import { ConfigError, GatewayError } from '../domain/errors.js';
import type { Terminal } from './terminal.js';

/** What a command's end means. 4 is kept for a question whose answer is "violated". */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  invalid: 3,
  violated: 4,
  sourceUnreachable: 5,
  interrupted: 130,
} as const;

/** Says what went wrong, and with which code the program ends. */
export function reportFailure(error: unknown, terminal: Terminal): number {
  // Commander has printed help, version or usage already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof ConfigError) {
    terminal.problems(error.problems);
    return exitCodes.invalid;
  }
  if (error instanceof GatewayError) {
    terminal.message(`error: ${error.message}`);
    return error.code.startsWith('SOURCE_') ? exitCodes.sourceUnreachable : exitCodes.failed;
  }
  terminal.message(`error: ${plainly(error)}`);
  return exitCodes.failed;
}

function plainly(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, address, port } = error as { code?: string; address?: string; port?: number };
  if (code === 'EADDRINUSE') return `${address}:${port} is in use already; choose another with --port or listen.port`;
  if (code === 'EACCES' && port !== undefined)
    return `listening on port ${port} is not permitted; choose one above 1023`;
  if (code === 'EADDRNOTAVAIL') return `${address} is no address of this machine`;
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR' || code === 'EROFS') return error.message;
  return error.stack ?? error.message;
}
