import 'reflect-metadata';
import { expect, it } from 'vitest';
import type { BurnRateAlertStatus, ObjectiveStatus } from '../../../src/domain/slo.js';
import { anObjective, anSli } from '../domain/slo-examples.js';
import { ask, slo, violation } from './graph-world.js';

const plain = slo('plain', { state: 'OK' });
const [figures] = plain.objectives as readonly [ObjectiveStatus];
const members = ['find', 'pay'].map((name) => anObjective({ name, sli: anSli({ name }), weight: '2', target: '0.99' }));
const alert: BurnRateAlertStatus = {
  ...{ severity: 'PAGE', longWindowMs: 3_600_000, shortWindowMs: 300_000, budgetShare: 0.02, factor: 14.4 },
  ...{ alertAfterMs: 0, longBurnRate: 20, shortBurnRate: 20, firing: true, sinceMs: 1, aboveSinceMs: 1 },
};
const together: ObjectiveStatus = {
  ...figures,
  objective: anObjective({ name: 'composite', target: '0.99' }),
  ...{ state: 'VIOLATED', ratio: 0.985, events: null, alerts: [alert] },
  budget: { ...figures.budget, total: 0.01, consumedRatio: 1.5, remainingRatio: -0.5, remainingEvents: null },
  burnRates: new Map([[3_600_000, 20]]),
};
const buying = slo(
  'buying',
  {
    state: 'VIOLATED',
    objectives: members.map((objective) => ({ ...figures, objective })),
    composite: together,
  },
  { sli: null, objectives: members },
);

it('a composite shows what its members are together, by the names of an objective', async () => {
  const { data, codes } = await ask(
    { clusters: ['edge'], slos: [buying, plain] },
    `{ slos { nodes { name state sli { kind } objectives { weight sli { kind } } burnRateAlerts { longBurnRate }
       composite { displayName target weight ratio good total bad state sli { kind } burnRate coverage { ratio }
         errorBudget { total consumedRatio remainingRatio remainingEvents } } } } }`,
  );
  expect(codes).toEqual([]);
  expect(data).toMatchObject({
    slos: {
      nodes: [
        {
          name: 'buying',
          state: 'VIOLATED',
          sli: null,
          objectives: [
            { weight: 2, sli: { kind: 'RATIO' } },
            { weight: 2, sli: { kind: 'RATIO' } },
          ],
          burnRateAlerts: [{ longBurnRate: 20 }],
          composite: {
            ...{
              displayName: null,
              target: 0.99,
              weight: null,
              ratio: 0.985,
              state: 'VIOLATED',
              sli: null,
              burnRate: 20,
            },
            ...{ good: null, total: null, bad: null },
            errorBudget: { total: 0.01, consumedRatio: 1.5, remainingRatio: -0.5, remainingEvents: null },
          },
        },
        { name: 'plain', composite: null, burnRateAlerts: [] },
      ],
    },
  });
});

it('a composite is ordered by its own budget and burn rate, not by those of a member', async () => {
  for (const [by, first] of [
    ['REMAINING_BUDGET', 'buying'],
    ['BURN_RATE', 'buying'],
  ]) {
    const { data } = await ask(
      { clusters: ['edge'], slos: [plain, buying] },
      `{ slos(orderBy: { by: ${by}, direction: ASC }) { nodes { name } } }`,
    );
    expect(data, by).toMatchObject({ slos: { nodes: [{ name: first }, { name: 'plain' }] } });
  }
});

it('a violation of a composite is about all of its members together', async () => {
  const world = {
    clusters: ['edge'],
    slos: [buying],
    violations: [violation({ slo: 'buying', objective: 'composite' })],
  };
  const { data } = await ask(world, '{ violations { nodes { slo { name } objective { ratio target } } } }');
  expect(data).toMatchObject({
    violations: { nodes: [{ slo: { name: 'buying' }, objective: { ratio: 0.985, target: 0.99 } }] },
  });
});
