import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { claimFolder, clearData, readState, writeState } from '../../../src/demo/state.js';
import { MODEL_VERSION } from '../../../src/demo/world.js';
import { DAY, FROM, noise } from './support.js';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'slograph-demo-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

it('remembers the history and the incidents of a data folder', () => {
  const path = folder();
  const state = { historyFromMs: FROM, incidents: [noise('edge-seoul', FROM + DAY)] };
  writeState(path, state);
  expect(readState(path)).toEqual(state);
});

it.each([
  ['nothing', null],
  ['half a file', `{"modelVersion": ${MODEL_VERSION}, "historyFromMs": 17`],
  ['another model', '{"modelVersion": 0, "historyFromMs": 1767225600000, "incidents": []}'],
  [
    'an incident of a kind that does not exist',
    `{"modelVersion": ${MODEL_VERSION}, "historyFromMs": 1767225600000, "incidents": [{"kind": "FIRE"}]}`,
  ],
  ['no object', 'null'],
])('remembers nothing where there is %s', (_what, text) => {
  const path = folder();
  if (text !== null) writeFileSync(join(path, 'state.json'), text);
  expect(readState(path)).toBeNull();
});

it('clears what earlier starts left and nothing else', () => {
  const path = folder();
  writeState(path, { historyFromMs: FROM, incidents: [] });
  mkdirSync(join(path, 'prometheus-edge', 'tsdb'), { recursive: true });
  writeFileSync(join(path, 'notes.txt'), 'mine');
  clearData(path);
  expect(['state.json', 'prometheus-edge', 'notes.txt'].map((name) => existsSync(join(path, name)))).toEqual([
    false,
    false,
    true,
  ]);
});

it('refuses a folder that another running demo has, and takes one whose demo is gone', () => {
  const path = folder();
  writeFileSync(join(path, 'demo.pid'), `${process.ppid}\n`);
  expect(() => claimFolder(path)).toThrow(new RegExp(`in use by another demo \\(process ${process.ppid}\\).*--data`));
  writeFileSync(join(path, 'demo.pid'), '999999999\n');
  claimFolder(path).release();
  expect(existsSync(join(path, 'demo.pid'))).toBe(false);
});
