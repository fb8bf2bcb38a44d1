import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { expect, it } from 'vitest';
import { createSchema, printSdl } from '../../../src/graph/schema.js';
import { createGate } from '../../../src/server/limits.js';
import { queries } from '../../../src/web/graphiql/queries.js';

it.each(queries)('the editor opens with a query that the graph answers within its limits: $query', ({ query }) => {
  const gate = createGate(buildSchema(printSdl(createSchema())), {
    maxDepth: 15,
    maxTokens: 5_000,
    maxAliases: 50,
    maxCost: 1_000_000,
  });
  expect(gate.admit(query).errors).toBeUndefined();
});

it('loads nothing from elsewhere', () => {
  expect(readFileSync('src/web/graphiql/index.html', 'utf8')).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
});
