import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { presentOperation } from '../../../src/web/graphiql/present-operation.js';

const stale = { documentAST: parse('query Nodes { a }') };

it.each([
  ['subscription Violations { v }', 'Nodes', 'Violations'],
  ['{ a }', 'Nodes', null],
  ['query Nodes { a }', 'Nodes', 'Nodes'],
  ['query A { a } query B { b }', 'B', 'B'],
  ['query A { a } query B { b }', 'Nodes', 'Nodes'],
])('%s, asked as %s, is sent as %s with its own document', (query, asked, sent) => {
  const [params, options] = presentOperation({ query, operationName: asked }, stale);
  expect(params).toEqual({ query, operationName: sent });
  expect(options?.documentAST).toMatchObject({ definitions: parse(query).definitions.map(({ kind }) => ({ kind })) });
  expect(options?.documentAST).not.toBe(stale.documentAST);
});

it('leaves a text that does not parse to the server', () => {
  const params = { query: 'query {', operationName: 'Nodes' };
  expect(presentOperation(params, stale)).toEqual([params, stale]);
});
