import { GraphQLError } from 'graphql';
import { expect, it } from 'vitest';
import { InputError, SourceError } from '../../../src/domain/errors.js';
import { formatError } from '../../../src/server/format-error.js';
import { createLog } from '../../../src/server/log.js';

function formatted(error: GraphQLError) {
  let text = '';
  const log = createLog({
    level: 'info',
    destination: {
      write: (line) => {
        text += line;
      },
    },
  });
  return { shown: formatError(error, 'request-1', log), logged: text };
}

it('shows an expected failure with its code, and whether asking again may help', () => {
  const { shown } = formatted(
    new GraphQLError('x', { path: ['nodes'], originalError: new InputError('first must be within 1..5000') }),
  );
  expect(shown).toEqual({
    message: 'first must be within 1..5000',
    path: ['nodes'],
    extensions: { code: 'BAD_INPUT', retryable: false },
  });
});

it('finds the failure however often graphql-js wrapped it, and keeps the query for the log', () => {
  const failure = new SourceError('TIMEOUT', 'edge', 'no answer within 10 s', 'rate(x[5m])');
  const { shown, logged } = formatted(
    new GraphQLError('x', { originalError: new GraphQLError('y', { originalError: failure }) }),
  );
  expect(shown.extensions).toMatchObject({ code: 'SOURCE_TIMEOUT', retryable: true });
  expect(JSON.stringify(shown)).not.toContain('rate(');
  expect(logged).toContain('rate(x[5m])');
});

it('masks a bug, and logs the whole of it under the same request', () => {
  const bug = new Error('password=hunter2', { cause: new Error('disk full') });
  const { shown, logged } = formatted(new GraphQLError(bug.message, { path: ['bug'], originalError: bug }));
  expect(shown.message).toContain('request-1');
  expect(shown.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', retryable: false, requestId: 'request-1' });
  expect(JSON.stringify(shown)).not.toContain('hunter2');
  expect(logged).toContain('hunter2');
  expect(logged).toContain('disk full');
  expect(logged).toContain('request-1');
});

it('leaves what graphql-js says about the request itself as it is', () => {
  const { shown } = formatted(
    new GraphQLError('Syntax Error: Expected Name', { extensions: { code: 'GRAPHQL_PARSE_FAILED' } }),
  );
  expect(shown).toMatchObject({ message: 'Syntax Error: Expected Name', extensions: { code: 'GRAPHQL_PARSE_FAILED' } });
});

it('cuts secrets out of what is logged', () => {
  let text = '';
  const log = createLog({
    level: 'info',
    destination: {
      write: (line) => {
        text += line;
      },
    },
  });
  log.info(
    { headers: { authorization: 'Bearer hush' }, token: 'hush', connectionParams: { authorization: 'hush' } },
    'x',
  );
  expect(text).not.toContain('hush');
});
