import fc from 'fast-check';
import { expect } from 'vitest';
import type { Gateways } from './gateways.js';
import type { Deed } from './model-log.js';
import type { Step } from './step.js';
import { ways } from './ways.js';
import { play } from './world.js';

export interface Plan {
  /** Equal seeds make equal sequences. `SLOGRAPH_SEED` replaces it. */
  readonly seed: number;
  readonly count: number;
  /** Whether gateways are killed; they need processes of their own then. */
  readonly killing: boolean;
}

const SHRINKING_MS = 60_000;

/**
 * Plays random sequences; one that fails is made as short as it can be and printed with its seed and path, by which
 * `fc.assert` replays it.
 */
export async function playSequences({ seed: given, count, killing }: Plan, gateways: () => Gateways): Promise<void> {
  const seed = Number(process.env.SLOGRAPH_SEED ?? given);
  const sums = { sequences: 0, events: 0, connections: 0, told: 0, resets: 0 };
  const property = fc.asyncProperty(sequence(killing), async (steps) => {
    const { events, connections, told, resets } = await play(gateways(), steps);
    sums.sequences += 1;
    sums.events += events;
    sums.connections += connections;
    sums.told += told;
    sums.resets += resets;
  });
  const found = await fc.check(property, { seed, numRuns: count, endOnFailure: true });
  if (found.failed) throw await failureOf(property, found);
  console.log(`seed ${seed}: ${JSON.stringify(sums)}`);
  expect(sums.sequences).toBe(count);
  // What is never met is not proved; a few sequences may do without a reset.
  if (count >= 100) for (const [what, number] of Object.entries(sums)) expect(number, what).toBeGreaterThan(0);
}

type Played = fc.IAsyncProperty<[steps: Step[]]>;
type Found = fc.RunDetails<[steps: Step[]]>;

/** The shortest sequence that was found in time to fail as well. */
async function failureOf(property: Played, found: Found): Promise<Error> {
  const { seed, counterexamplePath: path } = found;
  const shrunk = await fc.check(property, { seed, path: path ?? '', interruptAfterTimeLimit: SHRINKING_MS });
  // What depends on a race may not fail again, and what is slow to fail may not have in time.
  const shown = shrunk.failed && shrunk.counterexample !== null ? shrunk : found;
  return new Error(await fc.asyncDefaultReportMessage(shown), { cause: shown.errorInstance });
}

const severity = fc.constantFrom('PAGE' as const, 'TICKET' as const);
const what = fc.constantFrom(
  ...(['open', 'open', 'open', 'open', 'change', 'change', 'resolve', 'resolve', 'resolve', 'again'] as const),
);
const deed: fc.Arbitrary<Deed> = fc.record({ what, pick: fc.nat(50), severity }, { noNullPrototype: true });
const deeds = fc.array(deed, { minLength: 1, maxLength: 6 });
const who = fc.nat(ways.length - 1);

/** Deaths in the middle of appends. */
export const kills = fc
  .record({
    appends: fc.array(deeds, { minLength: 1, maxLength: 12, size: 'max' }),
    acks: fc.nat(11),
    us: fc.nat(2_000),
  })
  .map(({ appends, acks, us }) => ({ do: 'kill' as const, appends, acks: Math.min(acks, appends.length - 1), us }));

const weighted = (killing: boolean): readonly fc.MaybeWeightedArbitrary<Step>[] => [
  { weight: 24, arbitrary: deeds.map((some) => ({ do: 'append' as const, deeds: some })) },
  {
    weight: 5,
    arbitrary: fc
      .array(deeds, { minLength: 2, maxLength: 12, size: 'max' })
      .map((appends) => ({ do: 'rush' as const, appends })),
  },
  { weight: 24, arbitrary: who.map((one) => ({ do: 'connect' as const, who: one })) },
  { weight: 6, arbitrary: fc.constant({ do: 'gather' as const }) },
  { weight: 6, arbitrary: who.map((one) => ({ do: 'goodbye' as const, who: one })) },
  { weight: 8, arbitrary: who.map((one) => ({ do: 'cut' as const, who: one })) },
  {
    weight: 8,
    arbitrary: fc
      .tuple(who, fc.integer({ min: 1, max: 8 }))
      .map(([one, saves]) => ({ do: 'forget' as const, who: one, saves })),
  },
  {
    weight: 10,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 8 }), fc.constantFrom('count' as const, 'age' as const))
      .map(([keep, by]) => ({ do: 'expire' as const, keep, by })),
  },
  { weight: 10, arbitrary: fc.integer({ min: 1, max: 20 }).map((turns) => ({ do: 'breathe' as const, turns })) },
  { weight: 6, arbitrary: fc.constant({ do: 'settle' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'replace' as const }) },
  ...(killing ? [{ weight: 8, arbitrary: kills }] : []),
];

/** What may happen to a gateway and its consumers, in whatever order. */
function sequence(killing: boolean): fc.Arbitrary<Step[]> {
  return fc.array(fc.oneof(...weighted(killing)), { minLength: 5, maxLength: 24, size: 'max' });
}
