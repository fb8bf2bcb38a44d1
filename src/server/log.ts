import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

export interface LogOptions {
  readonly level: string;
  /** Default: stderr, since stdout is for data. */
  readonly destination?: DestinationStream;
}

/** JSON lines. Secrets are cut out wherever a header or a connection parameter is logged. */
export function createLog({ level, destination }: LogOptions): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: ['authorization', 'token', 'cookie', 'password'].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '***',
    },
    serializers: { err: withoutSecrets },
  };
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }));
}

/** An error with its causes, and nothing an HTTP client hangs on it (requests with their headers). */
function withoutSecrets(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { code, query } = error as { code?: unknown; query?: unknown };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(code === undefined ? {} : { code }),
    ...(typeof query === 'string' && query !== '' ? { query } : {}),
    ...(error.cause === undefined ? {} : { cause: withoutSecrets(error.cause) }),
  };
}
