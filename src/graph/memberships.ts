import { seesCluster } from '../domain/access.js';
import { claimantOf, labelledMicroservices, mayConcern } from '../domain/application.js';
import { type EntityKey, entityKey } from '../domain/entity.js';
import type { Inventory } from '../domain/model.js';
import { ApplicationType } from './application.type.js';
import type { Asking } from './asking.js';
import type { GraphContext } from './context.js';
import type { Instant } from './instant.js';

/** Which application the microservices of a cluster belong to. */
export interface Membership {
  readonly cluster: string;
  /** False when the source did not answer, and labels are those of its last good answer. */
  readonly isCurrent: boolean;
  /** Applications that a label names, with or without microservices. */
  readonly labelled: ReadonlySet<string>;
  /** By configuration, else by label; null when neither says. */
  applicationOf(microservice: { readonly namespace: string; readonly name: string }): string | null;
}

/** What may belong to an application: it names one itself, or is about a microservice that belongs to one. */
export interface Owned {
  readonly cluster: string;
  readonly application: string | null;
  readonly microservice: { readonly namespace: string; readonly name: string } | null;
}

/** The membership of a cluster's microservices. */
async function membershipOf(ask: Asking, cluster: string, instant: Instant): Promise<Membership> {
  const outcome = await ask.facetOutcome('applications', cluster, instant);
  const { applications, caller } = ask.context;
  const pods = (outcome.ok ? outcome.value : applications.lastKnown(cluster, caller.scope)) ?? NO_PODS;
  const { byMicroservice, names } = labelsOf(pods);
  return {
    cluster,
    isCurrent: outcome.ok,
    labelled: names,
    applicationOf: (microservice) =>
      claimantOf(applications.configured(), cluster, microservice) ??
      byMicroservice.get(entityKey(microservice.namespace, microservice.name)) ??
      null,
  };
}

/** The memberships of every cluster that the caller may see. */
export function membershipsOf(ask: Asking, instant: Instant): Promise<readonly Membership[]> {
  return Promise.all(visibleClusters(ask.context).map((cluster) => membershipOf(ask, cluster, instant)));
}

/** The application of one thing; null when nothing tells. */
export async function ownerOf(ask: Asking, thing: Owned, instant: Instant): Promise<ApplicationType | null> {
  const name = (await ownerFinder(ask, [thing], instant))(thing);
  return name === null ? null : applicationType(ask.context, name, instant);
}

/** Tells the applications of many things; labels are read only in clusters where they are needed. */
export async function ownerFinder<T extends Owned>(
  ask: Asking,
  things: readonly T[],
  instant: Instant,
): Promise<(thing: T) => string | null> {
  const { context } = ask;
  const visible = new Set(visibleClusters(context));
  const wanted = things.filter((thing) => visible.has(thing.cluster) && declaredOwner(context, thing) === undefined);
  const clusters = [...new Set(wanted.map(({ cluster }) => cluster))];
  const memberships = new Map(
    await Promise.all(clusters.map(async (cluster) => [cluster, await membershipOf(ask, cluster, instant)] as const)),
  );
  return (thing) => {
    const declared = declaredOwner(context, thing);
    if (declared !== undefined) return declared;
    return thing.microservice && (memberships.get(thing.cluster)?.applicationOf(thing.microservice) ?? null);
  };
}

/** What the thing itself or the configuration says; undefined where it takes labels to tell. */
export function declaredOwner(
  { applications }: Pick<GraphContext, 'applications'>,
  { cluster, application, microservice }: Owned,
): string | null | undefined {
  if (application !== null || microservice === null) return application;
  return claimantOf(applications.configured(), cluster, microservice) ?? undefined;
}

/** Every application that the caller may know of, by name: configured ones, those that SLOs name, those that labels name. */
export async function applicationsKnown(ask: Asking, instant: Instant): Promise<readonly ApplicationType[]> {
  const memberships = await membershipsOf(ask, instant);
  const names = [...declaredNames(ask.context), ...memberships.flatMap(({ labelled }) => [...labelled])];
  return [...new Set(names)].sort().map((name) => applicationType(ask.context, name, instant));
}

/** An application by its name; null when the caller can know of none. */
export async function applicationNamed(ask: Asking, name: string, instant: Instant): Promise<ApplicationType | null> {
  const isKnown =
    declaredNames(ask.context).has(name) ||
    (await membershipsOf(ask, instant)).some(({ labelled }) => labelled.has(name));
  return isKnown ? applicationType(ask.context, name, instant) : null;
}

/** A label tells its bearer nothing of the configured application of that name: anybody may label a pod of theirs. */
function applicationType(
  { applications, caller, clusters }: GraphContext,
  name: string,
  instant: Instant,
): ApplicationType {
  const definition = applications.configured().find((configured) => configured.name === name);
  const isTold = definition !== undefined && mayConcern(definition, caller.scope, clusters.names());
  return new ApplicationType(name, isTold ? definition.description : null, instant);
}

/** Clusters that the caller may see, in the order of configuration. */
function visibleClusters({ clusters, caller }: GraphContext): readonly string[] {
  return clusters.names().filter((name) => seesCluster(caller.scope, name));
}

function declaredNames({ applications, board, caller, clusters }: GraphContext): ReadonlySet<string> {
  const configured = applications
    .configured()
    .filter((definition) => mayConcern(definition, caller.scope, clusters.names()));
  const named = board.all(caller.scope).flatMap(({ definition }) => definition.application ?? []);
  return new Set([...configured.map(({ name }) => name), ...named]);
}

interface Labelled {
  readonly byMicroservice: ReadonlyMap<EntityKey, string>;
  readonly names: ReadonlySet<string>;
}

const NO_PODS: Inventory['applications'] = new Map();
const counted = new WeakMap<Inventory['applications'], Labelled>();

/** Counted once per inventory, however many ask. */
function labelsOf(pods: Inventory['applications']): Labelled {
  const known = counted.get(pods);
  if (known !== undefined) return known;
  const all = [...pods.values()];
  const labelled = {
    byMicroservice: labelledMicroservices(all),
    names: new Set(all.map(({ application }) => application)),
  };
  counted.set(pods, labelled);
  return labelled;
}
