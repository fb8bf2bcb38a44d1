import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { descriptorFinding } from '../../../src/cli/doctor-machine.js';
import { createTerminal } from '../../../src/cli/terminal.js';
import type { Finding } from '../../../src/domain/finding.js';

const finding: Finding = {
  level: 'ERROR',
  topic: 'reach',
  cluster: 'edge',
  message: 'does not answer',
  advice: 'look there',
  fields: [],
};

it.each([
  ['a terminal', true, {}, '\u001b[31m✗\u001b[39m edge: does not answer -> look there\n'],
  ['a pipe', false, {}, '✗ edge: does not answer -> look there\n'],
  ['NO_COLOR', true, { NO_COLOR: '1' }, '✗ edge: does not answer -> look there\n'],
  ['a dumb terminal', true, { TERM: 'dumb' }, '✗ edge: does not answer -> look there\n'],
])('findings are data, coloured as %s allows', (_, isTTY, env, shown) => {
  const stdout = screen(isTTY);
  const stderr = screen(true);
  createTerminal(stdout.stream, stderr.stream, env).findings([finding]);
  expect([stdout.text(), stderr.text()]).toEqual([shown, '']);
});

it('few file descriptors deserve a look', () => {
  expect(descriptorFinding(1_024)).toMatchObject({ level: 'WARNING', advice: expect.stringContaining('ulimit -n') });
  expect(descriptorFinding(1_048_576)).toMatchObject({ level: 'OK', advice: null });
  expect(descriptorFinding(null)).toMatchObject({ level: 'OK' });
});

function screen(isTTY: boolean) {
  let text = '';
  const stream = new Writable({
    write(part, _encoding, done) {
      text += String(part);
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY }) as unknown as NodeJS.WriteStream, text: () => text };
}
