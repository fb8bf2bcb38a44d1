import { type EntityKey, entityKey } from '../domain/entity.js';
import type { Inventory, PodApplication } from '../domain/model.js';
import { podKey } from './family.js';
import { rowByKey } from './inventory-rows.js';
import type { InstantSeries } from './prometheus/answer.js';

/** The application that each pod's label names, and the microservices its workload answers for. */
export function applicationsOf(
  rows: readonly InstantSeries[],
  partOf: string,
  workloads: Inventory['workloads'],
  microservices: Inventory['microservices'],
): Inventory['applications'] {
  const byWorkload = servicesByWorkload(microservices);
  const applications = new Map<EntityKey, PodApplication>();
  for (const [pod, { labels }] of rowByKey(rows, podKey)) {
    const application = labels[partOf] ?? '';
    if (application === '') continue;
    const workload = workloads.get(pod);
    const namespace = pod.slice(0, pod.indexOf('/'));
    const services = workload === undefined ? [] : (byWorkload.get(entityKey(namespace, workload.name)) ?? []);
    applications.set(pod, { application, microservices: services });
  }
  return applications;
}

function servicesByWorkload(microservices: Inventory['microservices']): ReadonlyMap<EntityKey, readonly EntityKey[]> {
  const byWorkload = new Map<EntityKey, EntityKey[]>();
  for (const key of [...microservices.keys()].sort()) {
    for (const { namespace, name } of microservices.get(key)?.workloads ?? []) {
      const workload = entityKey(namespace, name);
      const services = byWorkload.get(workload);
      if (services === undefined) byWorkload.set(workload, [key]);
      else services.push(key);
    }
  }
  return byWorkload;
}
