import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { formatDuration, parseDuration } from '../domain/duration.js';

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

/** Milliseconds since the epoch inside, RFC 3339 outside. */
export const DateTimeScalar = new GraphQLScalarType<number, string>({
  name: 'DateTime',
  description:
    'An instant in RFC 3339: `2026-01-04T02:00:00Z`. Always UTC in answers; any offset is accepted as input.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => new Date(value as number).toISOString(),
  parseValue: parseDateTime,
  parseLiteral: (node) => parseDateTime(stringOf(node)),
});

/** Milliseconds inside. */
export const DurationScalar = new GraphQLScalarType<number, string>({
  name: 'Duration',
  description:
    'A duration as Prometheus writes it: `5m`, `1d12h30m`, with units d h m s ms, `-` in front when negative. ' +
    'ISO 8601 (`PT5M`, `P1D`) is accepted as input.',
  specifiedByURL: 'https://prometheus.io/docs/prometheus/latest/querying/basics/#float-literals-and-time-durations',
  serialize: (value) => formatDuration(Math.round(value as number)),
  parseValue: parseDurationInput,
  parseLiteral: (node) => parseDurationInput(stringOf(node)),
});

export const CursorScalar = opaque(
  'Cursor',
  'A place in a list or in the stream of violations. Opaque: keep it, compare nothing. Those of lists and of the stream are not interchangeable.',
);

export const PromQLScalar = opaque('PromQL', 'An expression in the query language of Prometheus.', {
  specifiedByURL: 'https://prometheus.io/docs/prometheus/latest/querying/basics/',
});

function opaque(name: string, description: string, more: { readonly specifiedByURL?: string } = {}) {
  const parse = (value: unknown) => {
    if (typeof value !== 'string') throw new GraphQLError(`${name} is a string`);
    return value;
  };
  return new GraphQLScalarType<string, string>({
    name,
    description,
    ...more,
    serialize: parse,
    parseValue: parse,
    parseLiteral: (node) => parse(stringOf(node)),
  });
}

function parseDateTime(value: unknown): number {
  const match = typeof value === 'string' ? RFC_3339.exec(value) : null;
  const milliseconds = match === null ? Number.NaN : Date.parse((value as string).toUpperCase());
  // Date.parse takes the 31st of a short month for the 1st of the next.
  if (Number.isNaN(milliseconds) || Number(match?.[3]) > daysOf(Number(match?.[1]), Number(match?.[2]))) {
    throw new GraphQLError(`${JSON.stringify(value)} is not a DateTime; write it like 2026-01-04T02:00:00Z`);
  }
  return milliseconds;
}

function daysOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function parseDurationInput(value: unknown): number {
  try {
    return parseDuration(value as string);
  } catch {
    throw new GraphQLError(`${JSON.stringify(value)} is not a Duration; write it like 5m, 1h30m, 30d or PT5M`);
  }
}

function stringOf(node: ValueNode): unknown {
  return node.kind === Kind.STRING ? node.value : undefined;
}
