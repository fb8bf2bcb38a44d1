/** What all programs of this benchmark agree on. */
export type Size = 'small' | 'large';

const FIELDS = 'id sloName kind severity status message burnRate peakBurnRate';
const small = 'cursor eventId violation { id sloName message }';
const large = `cursor eventId ${Array.from({ length: 20 }, (_, i) => `v${i}: violation { ${FIELDS} }`).join(' ')}`;

/** About 270 B: one object of a few fields; about 3.5 kB: 20 objects of 8 fields. */
const selections: Readonly<Record<Size, string>> = { small, large };

export const ours = (size: Size) =>
  `subscription ($after: Cursor) { violations(after: $after, snapshot: false) {
    ... on ViolationEvent { ${selections[size]} } ... on StreamBookmark { bookmark: cursor } } }`;
export const stock = (size: Size) => `subscription { violations { ${selections[size]} } }`;

export const violation = (id: string) => ({
  id,
  slo: 'latency',
  objective: 'objective-1',
  revision: 'r1',
  cluster: 'edge',
  microservice: { namespace: 'crosswalk', name: 'detector' },
  application: 'crosswalk',
  kind: 'BURN_RATE' as const,
  severity: 'PAGE' as const,
  status: 'OPEN' as const,
  startedAtMs: 1_767_528_000_000,
  resolvedAtMs: null,
  message: 'budget spent fast',
  burnRate: 20,
  peakBurnRate: 25,
  budgetConsumed: 0.03,
  longWindowMs: 3_600_000,
  shortWindowMs: 300_000,
  threshold: 14.4,
  value: null,
});

/** Nanoseconds of a clock that all processes of a machine share. */
export const nowNs = () => Number(process.hrtime.bigint());
