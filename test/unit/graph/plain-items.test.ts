import 'reflect-metadata';
import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schemaFor } from '../../../src/graph/plain-items.js';
import { createSchema } from '../../../src/graph/schema.js';

const schema = createSchema();

function isPlain(source: string, operationName: string | null = null): boolean {
  const document = parse(source);
  expect(validate(schema, document)).toEqual([]);
  return schemaFor(schema, document, operationName) !== schema;
}

describe('items whose figures and facts are properties', () => {
  it.each([
    ['figures and facts of a list', '{ clusters { nodes { nodes { id name ready load1 { value unit } } } } }'],
    [
      'a figure twice with equal arguments',
      '{ clusters { nodes { nodes { a: load1 { value } b: load1 { missing } } } } }',
    ],
    ['edges', '{ clusters { pods { edges { cursor node { phase networkReceiveRate { value } } } } } }'],
    [
      'fragments on the interface and on the type',
      '{ clusters { nodes { nodes { ...E } } } } fragment E on Entity { id ... on Node { cpuUsage { value } } }',
    ],
    ['the pod of a container by its name', '{ clusters { containers { nodes { pod { name } restarts } } } }'],
    [
      'figures elsewhere that are of no list',
      '{ clusters { cpuUtilization { value } nodes { nodes { load1 { value } } } } }',
    ],
  ])('are read where an operation selects %s', (_, source) => {
    expect(isPlain(source)).toBe(true);
  });

  it.each([
    [
      'one figure with two windows',
      '{ clusters { nodes { nodes { a: cpuUsage { value } b: cpuUsage(window: "1h") { value } } } } }',
    ],
    [
      'one figure with two windows in two lists',
      '{ clusters { a: nodes { nodes { cpuUsage { value } } } b: nodes { nodes { cpuUsage(window: "1h") { value } } } } }',
    ],
    ['series', '{ clusters { nodes { nodes { load1 { value series { values } } } } } }'],
    ['what leads on to other entities', '{ clusters { nodes { nodes { load1 { value } pods { totalCount } } } } }'],
    [
      'a node that was reached by another way',
      '{ clusters { pods { nodes { node { ready } } } nodes { nodes { ready } } } }',
    ],
    [
      'the same behind a directive',
      'query ($yes: Boolean!) { clusters { pods { nodes { node @include(if: $yes) { ready } } } nodes { nodes { ready } } } }',
    ],
    [
      'an entity by its id',
      '{ entity(id: "x") { ... on Node { load1 { value } } } clusters { nodes { nodes { ready } } } }',
    ],
  ])('are not read where an operation selects %s', (_, source) => {
    expect(isPlain(source)).toBe(false);
  });

  it('are chosen operation by operation', () => {
    const source =
      'query A { clusters { nodes { nodes { ready } } } } query B { clusters { pods { nodes { node { ready } } } } }';
    expect([isPlain(source, 'A'), isPlain(source, 'B'), isPlain(source, 'C')]).toEqual([true, false, false]);
  });
});
