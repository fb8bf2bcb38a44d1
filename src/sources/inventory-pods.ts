import { type EntityKey, entityKey } from '../domain/entity.js';
import type {
  ContainerFacts,
  ContainerRunState,
  ContainerState,
  PodFacts,
  PodPhase,
  PodState,
  Workload,
} from '../domain/model.js';
import { containerKey, keptByLabels, own, ownKey, podKey } from './family.js';
import { firstOf, rowByKey, rowsByKey } from './inventory-rows.js';
import type { InstantSeries } from './prometheus/answer.js';

type Rows = readonly InstantSeries[];

/** Pods; of two of one name (a replaced StatefulSet pod) the one seen last, and of rows as new the one on a node. */
export function podsOf(rows: Rows): ReadonlyMap<EntityKey, PodFacts> {
  const placedFirst = [...rows].sort(
    (left, right) => Number(own(right.labels, 'node') !== '') - Number(own(left.labels, 'node') !== ''),
  );
  return new Map(
    [...rowByKey(placedFirst, podKey)].map(([key, { labels }]) => {
      const node = own(labels, 'node');
      const facts = { namespace: own(labels, 'namespace'), name: own(labels, 'pod') };
      return [key, { ...facts, uid: firstOf(labels, 'uid'), node: node === '' ? null : node }];
    }),
  );
}

/** Two phases at once are the same pod seen at two moments by twins: the later phase counts. */
const PHASES: readonly PodPhase[] = ['UNKNOWN', 'PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED'];

/** Phase and readiness of every pod that has either. */
export function podStatesOf(phases: Rows, ready: Rows): ReadonlyMap<EntityKey, PodState> {
  const states = new Map<EntityKey, PodState>();
  for (const [key, rows] of rowsByKey(phases, podKey)) {
    const latest = Math.max(
      ...rows.map(({ labels }) => PHASES.indexOf((labels.phase ?? '').toUpperCase() as PodPhase)),
    );
    states.set(key, { phase: PHASES[latest] ?? null, ready: null });
  }
  for (const [key, rows] of rowsByKey(ready, podKey)) {
    const conditions = new Set(rows.map(({ labels }) => labels.condition));
    const isReady = conditions.has('true') ? true : conditions.has('false') ? false : null;
    states.set(key, { phase: states.get(key)?.phase ?? null, ready: isReady });
  }
  return states;
}

/** Owners of owners, by `namespace/name`, per kind of owner. */
export type Owners = Readonly<Record<string, ReadonlyMap<EntityKey, Workload>>>;

/** Owners by `namespace/<label>`. */
export function ownersOf(rows: Rows, label: string): ReadonlyMap<EntityKey, Workload> {
  const owners = new Map<EntityKey, Workload>();
  for (const { labels } of rows) {
    const key = ownKey(labels, 'namespace', label);
    const owner = ownerOf(labels);
    if (key !== null && owner !== null) owners.set(key, owner);
  }
  return owners;
}

/** The root controller of every pod that has one: a ReplicaSet leads to its Deployment, a Job to its CronJob. */
export function workloadsOf(rows: Rows, parents: Owners): ReadonlyMap<EntityKey, Workload> {
  const workloads = new Map<EntityKey, Workload>();
  for (const { labels } of rows) {
    const key = podKey(labels);
    const owner = ownerOf(labels);
    if (key === null || owner === null) continue;
    workloads.set(key, parents[owner.kind]?.get(entityKey(own(labels, 'namespace'), owner.name)) ?? owner);
  }
  return workloads;
}

/** Old exporters wrote `<none>` for an object without an owner. */
function ownerOf(labels: InstantSeries['labels']): Workload | null {
  const [kind, name] = [firstOf(labels, 'owner_kind'), firstOf(labels, 'owner_name')];
  return kind === null || name === null || kind === '<none>' ? null : { kind, name };
}

/** Containers, native sidecars among them; the sandbox is none. */
export function containersOf(rows: Rows): ReadonlyMap<EntityKey, ContainerFacts> {
  return new Map([...rowByKey(rows, containerKey)].map(([key, { labels }]) => [key, containerFacts(labels)]));
}

const containerFacts = keptByLabels(
  (labels): ContainerFacts => ({
    namespace: own(labels, 'namespace'),
    pod: own(labels, 'pod'),
    name: own(labels, 'container'),
    image: firstOf(labels, 'image'),
  }),
);

/** Vectors that make up the state of containers. */
export interface StateVectors {
  /** The sum of 1 when running, 2 when waiting, 4 when terminated. */
  readonly states: Rows;
  readonly ready: Rows;
  readonly restarts: Rows;
  readonly reasons: Rows;
  readonly lastReasons: Rows;
}

/** The state of every container that has any. */
export function containerStatesOf(vectors: StateVectors): ReadonlyMap<EntityKey, ContainerState> {
  const states = rowByKey(vectors.states, containerKey);
  const ready = rowByKey(vectors.ready, containerKey);
  const restarts = rowByKey(vectors.restarts, containerKey);
  const reasons = rowByKey(vectors.reasons, containerKey);
  const lastReasons = rowByKey(vectors.lastReasons, containerKey);
  const keys = new Set([states, ready, restarts, reasons, lastReasons].flatMap((vector) => [...vector.keys()]));
  return new Map(
    [...keys].map((key) => {
      const isReady = ready.get(key)?.value;
      return [
        key,
        {
          state: runStateOf(states.get(key)?.value),
          reason: firstOf(reasons.get(key)?.labels ?? {}, 'reason'),
          ready: isReady === undefined ? null : isReady === 1,
          restarts: restarts.get(key)?.value ?? null,
          lastTerminationReason: firstOf(lastReasons.get(key)?.labels ?? {}, 'reason'),
        },
      ];
    }),
  );
}

/** Twins that disagree add up: the state that a reader must not miss counts. */
function runStateOf(bits: number | undefined): ContainerRunState | null {
  if (bits === undefined || Number.isNaN(bits)) return null;
  if (bits === 0) return 'UNKNOWN';
  if ((bits & 2) !== 0) return 'WAITING';
  return (bits & 4) !== 0 ? 'TERMINATED' : 'RUNNING';
}
