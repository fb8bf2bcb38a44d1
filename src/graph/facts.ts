import type { Facet, Inventory } from '../domain/model.js';

/** A fact of an entity: the part of the inventory that tells it, and what it is there. */
export interface Fact<F extends KeyedFacet = KeyedFacet, T = unknown> {
  readonly facet: F;
  pick(facts: FactsOf<F>): T | null;
  /** What it is where that part does not mention the entity. */
  readonly unmentioned: T | null;
}

export type KeyedFacet = { [F in Facet]: Inventory[F] extends ReadonlyMap<string, unknown> ? F : never }[Facet];
/** That part of the inventory. */
export type FactsByKey<F extends KeyedFacet> = ReadonlyMap<string, FactsOf<F>>;
type FactsOf<F extends KeyedFacet> = Inventory[F] extends ReadonlyMap<string, infer T> ? T : never;

export function fact<F extends KeyedFacet, T>(
  facet: F,
  pick: (facts: FactsOf<F>) => T | null,
  unmentioned: T | null = null,
): Fact<F, T> {
  return { facet, pick, unmentioned };
}

export const nodeFacts = {
  ready: fact('nodeStates', ({ ready }) => ready),
  schedulable: fact('nodeSchedulable', (schedulable) => schedulable),
  roles: fact('nodeRoles', (roles) => roles, []),
  zone: fact('nodeLabels', ({ zone }) => zone),
  region: fact('nodeLabels', ({ region }) => region),
  kubeletVersion: fact('nodes', ({ kubeletVersion }) => kubeletVersion),
  kernelVersion: fact('nodes', ({ kernelVersion }) => kernelVersion),
  osImage: fact('nodes', ({ osImage }) => osImage),
  internalIP: fact('nodes', ({ internalIP }) => internalIP),
};

export const podFacts = {
  phase: fact('podStates', ({ phase }) => phase),
  ready: fact('podStates', ({ ready }) => ready),
};

export const containerFacts = {
  state: fact('containerStates', ({ state }) => state),
  stateReason: fact('containerStates', ({ reason }) => reason),
  ready: fact('containerStates', ({ ready }) => ready),
  restarts: fact('containerStates', ({ restarts }) => restarts),
  lastTerminationReason: fact('containerStates', ({ lastTerminationReason }) => lastTerminationReason),
};

/** Facts that lead on to other objects: no list fetches them. */
export const conditionsFact = fact('nodeStates', ({ conditions }) => conditions);
export const workloadFact = fact('workloads', (workload) => workload);

const FACTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  Node: nodeFacts,
  Pod: podFacts,
  Container: containerFacts,
};

/** What a part of the inventory says of the entity of a key. */
export function told<F extends KeyedFacet, T>(
  { pick, unmentioned }: Fact<F, T>,
  known: FactsByKey<F>,
  key: string,
): T | null {
  const facts = known.get(key);
  return facts === undefined ? unmentioned : pick(facts);
}

/** The fact that a field of a type shows; null for any other field. */
export function factOf(type: string, field: string): Fact | null {
  const facts = FACTS[type];
  return facts !== undefined && Object.hasOwn(facts, field) ? (facts[field] as Fact) : null;
}
