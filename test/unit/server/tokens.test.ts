import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/domain/errors.js';
import { parseTokens } from '../../../src/server/tokens.js';

const problemsOf = (text: string) => {
  try {
    parseTokens(text, 'tokens.yaml');
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

describe('a file of tokens', () => {
  it('names the caller of a token, with what the caller may see and do', () => {
    const sha = createHash('sha256').update('another-secret').digest('hex');
    const table = parseTokens(
      `- { name: ops, token: a-secret, rights: [read, acknowledge] }\n- name: seoul\n  tokenSha256: ${sha}\n  clusters: [edge-seoul]\n  namespaces: [crosswalk]\n`,
      'tokens.yaml',
    );
    expect(table.callerOf('a-secret')).toMatchObject({ name: 'ops', scope: { key: '*', clusters: null } });
    expect([...(table.callerOf('a-secret')?.rights ?? [])]).toEqual(['read', 'acknowledge']);
    expect(table.callerOf('another-secret')).toMatchObject({
      name: 'seoul',
      scope: { clusters: ['edge-seoul'], namespaces: ['crosswalk'] },
    });
    expect([...(table.callerOf('another-secret')?.rights ?? [])]).toEqual(['read']);
    expect(table.callerOf('a-secre')).toBeNull();
    expect(table.callerOf('')).toBeNull();
  });

  it('may be JSON', () => {
    expect(parseTokens('[{"name":"ops","token":"a-secret"}]', 'tokens.json').callerOf('a-secret')?.name).toBe('ops');
  });

  it('tells all its problems with their places, and repeats no token', () => {
    const problems = problemsOf(
      '- name: ops\n  token: hush-hush\n  right: [read]\n- name: edge\n  tokenSha256: hush-hush\n- name: none\n- { name: both, token: hush-hush, rights: [write] }\n',
    );
    expect(problems.map(({ line, column, path }) => ({ line, column, path }))).toEqual([
      { line: 3, column: 3, path: '[0].right' },
      { line: 5, column: 3, path: '[1].tokenSha256' },
      { line: 6, column: 3, path: '[2]' },
      { line: 7, column: 44, path: '[3].rights[0]' },
    ]);
    expect(JSON.stringify(problems)).not.toContain('hush');
  });

  it.each([
    ['- name: ops\n', 'give either'],
    ['- { name: a, token: x }\n- { name: a, token: y }\n', 'given twice'],
    ['- { name: a, token: x }\n- { name: b, token: x }\n', 'another name'],
    ['- { name: a, token: 1234 }\n', 'put it in quotes'],
    ['- { name: a, token: "x y" }\n', 'without spaces'],
    ['- { name: a, token: x, rihgts: [] }\n', 'unknown key; known here: name, token'],
    ['- { name: a, token: x, clusters: edge }\n', 'expected a list of names'],
    ['- { name: a, token: x, rights: [write] }\n', 'expected one of read, acknowledge, correct, promql'],
    ['- ops\n', 'expected a map'],
    ['tokens: []\n', 'expected a list of { name'],
    ['- name: [\n', 'not valid YAML or JSON'],
    ['', 'expected a list of { name'],
  ])('refuses %j', (text, message) => {
    expect(problemsOf(text)[0]?.message).toContain(message);
  });
});
