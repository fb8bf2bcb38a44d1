import { expect, it } from 'vitest';
import type { StreamItem } from '../../../src/client/items.js';
import { Position } from '../../../src/client/position.js';

const event = (cursor: string): StreamItem => ({ __typename: 'ViolationEvent', cursor });
const bookmark = (cursor: string): StreamItem => ({ __typename: 'StreamBookmark', cursor, snapshotComplete: true });
const reset: StreamItem = { __typename: 'StreamReset', snapshotFollows: true };

it.each<[string, string | null, readonly StreamItem[], string | null]>([
  ['within a snapshot it asks for the whole of it again', null, [event('3'), event('9')], null],
  ['at the end of a snapshot it goes on from there', null, [event('3'), bookmark('12')], '12'],
  ['after a snapshot it goes on from the last event', null, [event('3'), bookmark('12'), event('13')], '13'],
  ['a replay goes on from its last event', '5', [event('6'), event('7')], '7'],
  ['after a reset it asks for a snapshot', '5', [event('6'), reset], null],
  ['within the snapshot after a reset, too', '5', [reset, event('2')], null],
  ['and goes on from its end', '5', [reset, event('2'), bookmark('20')], '20'],
])('%s', (_, saved, items, after) => {
  const position = new Position(saved);
  const kept = items.map((item) => position.take(item));
  expect(position.after).toBe(after);
  expect(kept.at(-1)).toBe(after);
});
