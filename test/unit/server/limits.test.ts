import { buildSchema, getIntrospectionQuery } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createGate } from '../../../src/server/limits.js';

const schema = buildSchema('type Thing { name: String self: Thing } type Query { thing: Thing hello: String }');
const gate = createGate(schema, { maxDepth: 5, maxTokens: 1_000, maxAliases: 10, maxCost: 1_000_000 });

const nested = (levels: number) => `{ thing { ${'self { '.repeat(levels - 2)}name ${'} '.repeat(levels)}`;
const doubling = (levels: number, body: (next: string) => string) =>
  `{ ...F0 } ${Array.from({ length: levels }, (_, level) => `fragment F${level} on Query { ${body(`...F${level + 1}`)} }`).join(' ')} fragment F${levels} on Query { hello }`;

describe('what a client may send', () => {
  it('is what lies within the bounds', () => {
    expect(gate.refusal(nested(5))).toBeNull();
    expect(gate.admit(nested(5)).errors).toBeUndefined();
  });

  it.each([
    { name: 'more levels than allowed', source: nested(6), says: '6 levels deep; 5' },
    {
      name: 'levels hidden in fragments',
      source: `{ thing { ...A } } fragment A on Thing { self { ...B } } fragment B on Thing { self { self { self { name } } } }`,
      says: '6 levels deep; 5',
    },
    {
      name: 'levels hidden in inline fragments',
      source: `{ thing { ... { self { ... { self { self { self { name } } } } } } } }`,
      says: '6 levels deep; 5',
    },
    {
      name: 'more aliases than allowed',
      source: `{ ${Array.from({ length: 11 }, (_, index) => `a${index}: hello`).join(' ')} }`,
      says: '11 aliases',
    },
    {
      name: 'the same field over and over',
      source: `{ ${'hello '.repeat(12)} }`,
      says: '11 aliases and repeated fields',
    },
    {
      name: 'the same field over and over in inline fragments',
      source: `{ ${'... { hello } '.repeat(12)} }`,
      says: '11 aliases and repeated fields',
    },
    {
      name: 'fragments that double what they spread, thirty times over',
      source: `${doubling(30, (next) => `a: thing { name } ...X ${next} ${next}`)} fragment X on Query { hello }`,
      says: 'countless aliases',
    },
    { name: 'more tokens than allowed', source: `{ ${'a '.repeat(1_001)} }`, says: 'more than 1000 tokens' },
    {
      name: 'directives without end',
      source: `{ hello ${'@include(if: true) '.repeat(200)} }`,
      says: 'more than 1000 tokens',
    },
    {
      name: 'introspection without end',
      source: `{ __schema { types ${'{ fields { type '.repeat(15)} { name } ${'} } '.repeat(15)} } }`,
      says: 'introspection is',
    },
  ])('is not $name', ({ source, says }) => {
    expect(gate.refusal(source)?.message).toContain(says);
    expect(gate.refusal(source)?.code).toBe('LIMIT_EXCEEDED');
    expect(gate.admit(source).errors?.[0]?.message).toContain(says);
  });

  it('may ask for the whole schema, as editors do', () => {
    expect(gate.admit(getIntrospectionQuery()).errors).toBeUndefined();
  });

  it('may be cyclic without harm: validation names the cycle', () => {
    const cyclic = '{ ...A } fragment A on Query { hello ...B } fragment B on Query { ...A }';
    expect(gate.refusal(cyclic)).toBeNull();
    expect(gate.admit(cyclic).errors?.[0]?.message).toContain('Cannot spread fragment "A" within itself');
    expect(gate.admit(cyclic).errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  it('is told what is wrong with its syntax', () => {
    expect(gate.refusal('{ hello')).toBeNull();
    expect(gate.admit('{ hello').errors?.[0]?.extensions.code).toBe('GRAPHQL_PARSE_FAILED');
  });

  it('is a limit, not a crash, where the nesting is deeper than the stack', () => {
    const generous = createGate(schema, { maxDepth: 5, maxTokens: 10_000_000, maxAliases: 10, maxCost: 1_000_000 });
    expect(generous.refusal(`{${'a{'.repeat(200_000)}`)?.code).toBe('LIMIT_EXCEEDED');
  });

  it('answers a text seen before with the same document', () => {
    expect(gate.admit('{ hello }').document).toBe(gate.admit('{ hello }').document);
  });
});
