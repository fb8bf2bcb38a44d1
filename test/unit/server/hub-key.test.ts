import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { everything } from '../../../src/domain/access.js';
import { hubKey } from '../../../src/server/hub-key.js';

const caller = { name: 'local', scope: everything, rights: new Set(['read'] as const) };
const document = parse('subscription ($f: ViolationFilter) { violations(filter: $f) { __typename } }');
const keyOf = (variables: Record<string, unknown>) => hubKey({ document, variables, caller });

it('takes subscriptions for equal that differ by variables nobody declared', () => {
  expect(keyOf({ f: null, other: 1 })).toBe(keyOf({ f: null }));
  expect(keyOf({ f: { kind: ['BURN_RATE'] } })).not.toBe(keyOf({ f: null }));
});
