import { type Scope, seesCluster, seesNamespace } from './access.js';
import { type EntityKey, entityKey } from './entity.js';
import type { PodApplication } from './model.js';

/** Microservices of a namespace: the one of that name, or all of them. */
export interface MicroserviceSelector {
  readonly namespace: string;
  /** Null: every microservice of the namespace. */
  readonly name: string | null;
}

/** An application as the configuration names it. */
export interface ApplicationDefinition {
  /** Unique. */
  readonly name: string;
  readonly description: string | null;
  /** Empty: only those whose pods' label names it. */
  readonly microservices: readonly MicroserviceSelector[];
  /** Where `microservices` are looked for; null: in every cluster. */
  readonly clusters: readonly string[] | null;
}

/**
 * The application that claims a microservice, or null: one that names it goes before one that takes its whole namespace,
 * and of equals the first counts.
 */
export function claimantOf(
  definitions: readonly ApplicationDefinition[],
  cluster: string,
  microservice: { readonly namespace: string; readonly name: string },
): string | null {
  const claims = claimsOf(definitions);
  const claimant = (key: string) =>
    claims.get(key)?.find(({ clusters }) => clusters === null || clusters.includes(cluster))?.name;
  const { namespace, name } = microservice;
  return claimant(entityKey(namespace, name)) ?? claimant(namespace) ?? null;
}

type Claims = ReadonlyMap<string, readonly ApplicationDefinition[]>;
const claimsByDefinitions = new WeakMap<readonly ApplicationDefinition[], Claims>();

/** Who claims a namespace, and who `namespace/name`, in the order of the definitions; built once for them. */
function claimsOf(definitions: readonly ApplicationDefinition[]): Claims {
  const known = claimsByDefinitions.get(definitions);
  if (known !== undefined) return known;
  const claims = new Map<string, ApplicationDefinition[]>();
  for (const definition of definitions) {
    for (const { namespace, name } of definition.microservices) {
      const key = name === null ? namespace : entityKey(namespace, name);
      claims.set(key, [...(claims.get(key) ?? []), definition]);
    }
  }
  claimsByDefinitions.set(definitions, claims);
  return claims;
}

/** Whether a caller may know of a configured application: it may see everything, or a place where that is looked for. */
export function mayConcern(
  { microservices, clusters }: ApplicationDefinition,
  scope: Scope,
  known: readonly string[],
): boolean {
  if (scope.clusters === null && scope.namespaces === null) return true;
  const places = (clusters ?? known).filter((cluster) => seesCluster(scope, cluster));
  return places.some(
    (cluster) =>
      scope.namespaces === null || microservices.some(({ namespace }) => seesNamespace(scope, cluster, namespace)),
  );
}

/** The application of each microservice by the labels of its pods: that of most of them, of equals the first by name. */
export function labelledMicroservices(pods: Iterable<PodApplication>): ReadonlyMap<EntityKey, string> {
  const counts = new Map<EntityKey, Map<string, number>>();
  for (const { application, microservices } of pods) {
    for (const microservice of microservices) {
      const votes = counts.get(microservice) ?? new Map<string, number>();
      counts.set(microservice, votes.set(application, (votes.get(application) ?? 0) + 1));
    }
  }
  return new Map([...counts].map(([microservice, votes]) => [microservice, mostNamed(votes)]));
}

function mostNamed(votes: ReadonlyMap<string, number>): string {
  const [[most] = ['']] = [...votes].sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1));
  return most;
}
