import { type EntityKey, entityKey } from '../domain/entity.js';
import type { ApplicationType } from './application.type.js';
import type { Asking } from './asking.js';
import { type Membership, membershipsOf } from './memberships.js';
import { MicroserviceType } from './microservice.type.js';
import { ServiceEdgeType, type ServiceGraphType } from './service-edge.type.js';
import { serviceEdges } from './service-edges.js';

/** What an application has in one cluster. */
export interface ApplicationPart {
  readonly cluster: string;
  readonly membership: Membership;
  /** Null where they are not known: the source did not answer, or there is no mesh. */
  readonly microservices: readonly MicroserviceType[] | null;
  /** Those by `namespace/workload` of who answers for them. */
  readonly byWorkload: ReadonlyMap<EntityKey, MicroserviceType>;
}

/** What an application has in each cluster that the caller may see. */
export async function partsOf(ask: Asking, { name, instant }: ApplicationType): Promise<readonly ApplicationPart[]> {
  const memberships = await membershipsOf(ask, instant);
  return Promise.all(
    memberships.map(async (membership) => {
      const { cluster, applicationOf } = membership;
      const known = await ask.facet('microservices', cluster, instant);
      const byWorkload = new Map<EntityKey, MicroserviceType>();
      if (known === null) return { cluster, membership, microservices: null, byWorkload };
      const own = [...known.values()].filter((microservice) => applicationOf(microservice) === name);
      const microservices = own.map((facts) => {
        const microservice = new MicroserviceType(cluster, facts.namespace, facts.name, instant);
        for (const workload of facts.workloads)
          byWorkload.set(entityKey(workload.namespace, workload.name), microservice);
        return microservice;
      });
      return { cluster, membership, microservices, byWorkload };
    }),
  );
}

/** Its microservices, by name, namespace and cluster; null when no cluster could tell. */
export function microservicesOf(parts: readonly ApplicationPart[]): readonly MicroserviceType[] | null {
  if (parts.length > 0 && parts.every(({ microservices }) => microservices === null)) return null;
  const sortKey = ({ name, ref }: MicroserviceType) => `${name}/${ref.key}/${ref.cluster}`;
  return parts.flatMap(({ microservices }) => microservices ?? []).sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

/** Its microservices in all clusters and whom these call or are called by; null when no cluster could tell. */
export async function serviceGraphOf(
  ask: Asking,
  application: ApplicationType,
  windowMs: number | null,
): Promise<ServiceGraphType | null> {
  const { instant } = application;
  const parts = await partsOf(ask, application);
  const graphs = await Promise.all(
    parts.map(async ({ cluster, microservices }) => {
      if (microservices === null) return null;
      if (microservices.length === 0) return { microservices, edges: [] };
      const calls = await serviceEdges(ask, cluster, instant, windowMs);
      const own = new Set(microservices.map(({ ref }) => ref.key));
      return calls && { microservices, edges: calls.all().filter((edge) => touches(edge, own)) };
    }),
  );
  const known = graphs.filter((graph) => graph !== null);
  if (known.length === 0 && graphs.length > 0) return null;
  const edges = known.flatMap((graph) => graph.edges).map((edge) => linked(edge, parts));
  return {
    nodes: nodesOf(
      known.flatMap((graph) => graph.microservices),
      edges,
    ),
    outside: outsideOf(edges),
    edges,
  };
}

/** A caller that its own cluster does not know may be a part of the application elsewhere, when there is one such only. */
function linked(edge: ServiceEdgeType, parts: readonly ApplicationPart[]): ServiceEdgeType {
  if (edge.source !== null) return edge;
  const [namespace = '', workload = ''] = edge.ref.key.split('/');
  const [source, another] = parts.flatMap(({ byWorkload }) => byWorkload.get(entityKey(namespace, workload)) ?? []);
  if (source === undefined || another !== undefined) return edge;
  return new ServiceEdgeType({ ...edge, source, sourceName: source.name });
}

function touches({ source, target }: ServiceEdgeType, own: ReadonlySet<EntityKey>): boolean {
  return [source, target].some((end) => end !== null && own.has(end.ref.key));
}

function nodesOf(own: readonly MicroserviceType[], edges: readonly ServiceEdgeType[]): readonly MicroserviceType[] {
  const nodes = new Map<string, MicroserviceType>();
  for (const end of [...own, ...edges.flatMap(({ source, target }) => [source, target])]) {
    if (end === null) continue;
    const key = entityKey(end.ref.key, end.ref.cluster);
    if (!nodes.has(key)) nodes.set(key, end);
  }
  return [...nodes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, node]) => node);
}

function outsideOf(edges: readonly ServiceEdgeType[]): readonly string[] {
  const names = edges.flatMap(({ source, sourceName, target, targetName }) => [
    ...(source === null ? [sourceName] : []),
    ...(target === null ? [targetName] : []),
  ]);
  return [...new Set(names)].sort();
}
