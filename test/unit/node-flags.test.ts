import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { NODE_FLAGS } from '../../src/demo/node-flags.js';

it('a gateway is run with the same flags by npm start, in its image and in the demo', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const [, entrypoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(readFileSync('deploy/Dockerfile', 'utf8')) ?? [];
  for (const words of [scripts.start?.split(' ') ?? [], JSON.parse(entrypoint) as string[]]) {
    expect(words.filter((word) => word.startsWith('--'))).toEqual(NODE_FLAGS);
  }
});
