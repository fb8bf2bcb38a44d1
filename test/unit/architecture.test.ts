import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Room {
  readonly folders: readonly string[];
  readonly packages: readonly string[];
}

const source = resolve('src');

describe('the ring of folders', () => {
  const rooms = readRooms(readFileSync(join(source, 'ARCHITECTURE.md'), 'utf8'));
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .sort();

  it('is written down for every folder of src, and for no other', () => {
    expect([...rooms.keys()].sort()).toEqual([...new Set(files.map(roomOf))].sort());
  });

  it.each(files)('holds in src/%s', (file) => {
    const room = rooms.get(roomOf(file)) as Room;
    for (const specifier of importsOf(readFileSync(join(source, file), 'utf8'))) {
      if (specifier.startsWith('.')) {
        const target = roomOf(relative(source, resolve(source, dirname(file), specifier)));
        if (target !== roomOf(file)) expect(room.folders, `${file} imports ${specifier}`).toContain(target);
      } else if (isBuiltin(specifier)) {
        // A hash is a pure function; everything else of Node is input, output or a clock.
        if (roomOf(file) === 'domain') expect(specifier, `${file} must stay pure`).toBe('node:crypto');
      } else {
        expect(room.packages, `${file} imports ${specifier}`).toContain(packageOf(specifier));
      }
    }
  });
});

describe('what the code must not contain', () => {
  it('decorators outside graph/', () => {
    const offenders = sourceFiles().filter(
      ([file, text]) => roomOf(file) !== 'graph' && /from 'type-graphql'/.test(text),
    );
    expect(offenders.map(([file]) => file)).toEqual([]);
  });

  it('prometheus-query outside the file that cures its faults', () => {
    const importers = sourceFiles().filter(([, text]) => importsOf(text).includes('prometheus-query'));
    expect(importers.map(([file]) => file)).toEqual(['sources/prometheus/client.ts']);
  });
});

function sourceFiles(): [string, string][] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => [file, readFileSync(join(source, file), 'utf8')]);
}

/** The rows of the table whose first cell names a folder or file of src. */
function readRooms(markdown: string): Map<string, Room> {
  const rooms = new Map<string, Room>();
  for (const line of markdown.split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim());
    const name = /^`([\w.]+)\/?`$/.exec(cells[1] ?? '')?.[1];
    if (name === undefined || cells.length < 6) continue;
    const list = (cell: string | undefined) => (cell === '-' ? [] : (cell ?? '').split(',').map((part) => part.trim()));
    rooms.set(name, { folders: list(cells[3]), packages: list(cells[4]) });
  }
  return rooms;
}

function roomOf(file: string): string {
  return (file.split('/')[0] as string).replace(/^(app|main)\.js$/, '$1.ts');
}

function importsOf(text: string): string[] {
  const statements =
    /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
  return [...text.matchAll(statements)].map((match) => (match[1] ?? match[2]) as string);
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] as string);
}
