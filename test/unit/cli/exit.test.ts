import { CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { exitCodes, reportFailure } from '../../../src/cli/exit.js';
import { ConfigError, SourceError, StoreError } from '../../../src/domain/errors.js';

const problem = { file: 'a.yaml', line: 1, column: 2, path: 'x', message: 'wrong', severity: 'ERROR' } as const;

it.each([
  ['help that was asked for', new CommanderError(0, 'commander.help', ''), exitCodes.ok, ''],
  ['a wrong flag', new CommanderError(1, 'commander.unknownOption', ''), exitCodes.usage, ''],
  ['a wrong configuration', new ConfigError([problem]), exitCodes.invalid, 'a.yaml:1:2 x: wrong'],
  ['a store in use', new StoreError('in use', false), exitCodes.failed, 'error: in use'],
  [
    'a data source that is away',
    new SourceError('UNAVAILABLE', 'edge', 'refused'),
    exitCodes.sourceUnreachable,
    'edge',
  ],
  [
    'a port in use',
    Object.assign(new Error('listen'), { code: 'EADDRINUSE', address: '::1', port: 4000 }),
    exitCodes.failed,
    '--port',
  ],
  ['anything else, with its stack', new Error('odd'), exitCodes.failed, 'exit.test.ts'],
])('ends after %s', (_name, error, code, says) => {
  const messages: string[] = [];
  const terminal = {
    data: () => {},
    message: (text: string) => void messages.push(text),
    findings: () => {},
    problems: (problems: readonly { message: string }[]) =>
      void messages.push(...problems.map(({ message }) => `a.yaml:1:2 x: ${message}`)),
  };
  expect(reportFailure(error, terminal)).toBe(code);
  expect(messages.join('\n')).toContain(says);
});
