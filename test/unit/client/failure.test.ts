import { expect, it } from 'vitest';
import { failureOf } from '../../../src/client/failure.js';
import { checkedItem } from '../../../src/client/items.js';

it.each([
  [[{ message: 'no cursor', extensions: { code: 'BAD_INPUT' } }], 'BAD_INPUT: no cursor', true],
  [
    [{ message: 'too deep', extensions: { code: 'LIMIT_EXCEEDED', retryable: false } }],
    'LIMIT_EXCEEDED: too deep',
    true,
  ],
  [[{ message: 'busy', extensions: { code: 'LIMIT_EXCEEDED', retryable: true } }], 'LIMIT_EXCEEDED: busy', false],
  [[{ message: 'away', extensions: { code: 'STORE_UNAVAILABLE' } }], 'STORE_UNAVAILABLE: away', false],
  [{ code: 4401, reason: 'Unauthorized' }, 'the connection was closed (4401): Unauthorized', true],
  [{ code: 4403, reason: 'Forbidden' }, 'the connection was closed (4403): Forbidden', false],
  [{ code: 4510, reason: 'slow' }, 'the connection was closed (4510): slow', false],
  [{ code: 1006, reason: '' }, 'the connection was closed (1006)', false],
  [new Error('connect ECONNREFUSED'), 'connect ECONNREFUSED', false],
  [{ type: 'error' }, 'the connection failed', false],
  [null, 'the connection failed', false],
])('%j is told as %s (fatal: %s)', (error, reason, fatal) => {
  expect(failureOf(error)).toEqual({ reason, fatal });
});

it.each([
  [{}, '__typename'],
  [{ violations: null }, '__typename'],
  [{ violations: { __typename: 'ViolationEvent' } }, 'cursor of ViolationEvent'],
  [{ violations: { __typename: 'StreamBookmark', cursor: 'c' } }, 'snapshotComplete of StreamBookmark'],
  [{ violations: { __typename: 'StreamReset' } }, 'snapshotFollows of StreamReset'],
])('says which field %j lacks', (data, field) => {
  expect(() => checkedItem(data)).toThrow(`the document does not ask for ${field}`);
});
