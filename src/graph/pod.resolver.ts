import { FieldResolver, Resolver, Root } from 'type-graphql';
import type { PodPhase } from '../domain/model.js';
import { Ask, type Asking, WindowArg } from './asking.js';
import { ContainerType } from './container.type.js';
import { fact, podFacts, workloadFact } from './facts.js';
import { containersByPod, microserviceFinder } from './joins.js';
import { MetricType } from './metric.type.js';
import { MicroserviceType } from './microservice.type.js';
import { NodeType } from './node.type.js';
import { PodPhaseEnum, PodType, WorkloadType } from './pod.type.js';

@Resolver(() => PodType)
export class PodResolver {
  @FieldResolver(() => NodeType, {
    nullable: true,
    description: 'The node it runs on; null when it has none, or that is not known.',
  })
  node(@Root() pod: PodType, @Ask() ask: Asking): Promise<NodeType | null> {
    const node = fact('pods', ({ node }) => (node === null ? null : new NodeType(pod.ref.cluster, node, pod.instant)));
    return ask.fact(node, pod);
  }

  @FieldResolver(() => PodPhaseEnum, { nullable: true, description: 'Where it is in its life; null when not known.' })
  phase(@Root() pod: PodType, @Ask() ask: Asking): Promise<PodPhase | null> {
    return ask.fact(podFacts.phase, pod);
  }

  @FieldResolver(() => Boolean, { nullable: true, description: 'Whether it takes requests; null when not known.' })
  ready(@Root() pod: PodType, @Ask() ask: Asking): Promise<boolean | null> {
    return ask.fact(podFacts.ready, pod);
  }

  @FieldResolver(() => WorkloadType, {
    nullable: true,
    description: 'What controls it; null when nothing does, or that is not known.',
  })
  workload(@Root() pod: PodType, @Ask() ask: Asking): Promise<WorkloadType | null> {
    return ask.fact(workloadFact, pod);
  }

  @FieldResolver(() => [ContainerType], {
    nullable: true,
    description: 'Its containers, by name; null when not known.',
  })
  async containers(@Root() pod: PodType, @Ask() ask: Asking): Promise<readonly ContainerType[] | null> {
    const containers = await ask.facet('containers', pod.ref.cluster, pod.instant);
    if (containers === null) return null;
    return (containersByPod(containers).get(pod.ref.key) ?? [])
      .map((facts) => new ContainerType(pod.ref.cluster, facts, pod.instant))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  @FieldResolver(() => MicroserviceType, {
    nullable: true,
    description: 'The microservice it answers for; null when it does for none, or that is not known.',
  })
  async microservice(@Root() pod: PodType, @Ask() ask: Asking): Promise<MicroserviceType | null> {
    return (await microserviceFinder(ask, pod.ref.cluster, pod.instant))?.(pod.ref.key) ?? null;
  }

  @FieldResolver(() => MetricType, { description: 'Bytes received per second.' })
  networkReceiveRate(
    @Root() pod: PodType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('pod.networkReceiveRate', pod, { windowMs });
  }

  @FieldResolver(() => MetricType, { description: 'Bytes sent per second.' })
  networkTransmitRate(
    @Root() pod: PodType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<MetricType> {
    return ask.metric('pod.networkTransmitRate', pod, { windowMs });
  }
}
