import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { type SloState, sloStates } from '../domain/slo.js';
import { ApplicationType } from './application.type.js';
import { microservicesOf, partsOf, serviceGraphOf } from './application-parts.js';
import { Ask, type Asking, WindowArg } from './asking.js';
import { AtArg } from './at-arg.js';
import { ClusterType } from './cluster.type.js';
import type { GraphContext } from './context.js';
import { instantOf } from './instant.js';
import { applicationNamed, applicationsKnown, membershipsOf } from './memberships.js';
import { MicroserviceType } from './microservice.type.js';
import { SLOStateEnum } from './objective.type.js';
import { AfterArg, FirstArg, type Page } from './paging.js';
import { ServiceGraphType } from './service-edge.type.js';
import { SLOConnection, SLOFilter, type SLOType } from './slo.type.js';
import { sloPage, slosOfApplication } from './slo-list.js';
import { ViolationConnection, ViolationFilter, type ViolationType } from './violation.type.js';
import { violationPage } from './violation-list.js';

@Resolver(() => ApplicationType)
export class ApplicationResolver {
  @Query(() => [ApplicationType], {
    description:
      'Applications, by name: configured ones and those that SLOs name always; those known only by the label of their pods are kept from the last good answer of a source that does not answer.',
  })
  applications(
    @AtArg() atMs: number | null,
    @Ctx() context: GraphContext,
    @Ask() ask: Asking,
  ): Promise<readonly ApplicationType[]> {
    return applicationsKnown(ask, instantOf(context, atMs));
  }

  @Query(() => ApplicationType, {
    nullable: true,
    description: 'An application; null when there is none of that name.',
  })
  application(
    @Arg('name', () => String, { description: 'Its name.' }) name: string,
    @AtArg() atMs: number | null,
    @Ctx() context: GraphContext,
    @Ask() ask: Asking,
  ): Promise<ApplicationType | null> {
    return applicationNamed(ask, name, instantOf(context, atMs));
  }

  @FieldResolver(() => [String], {
    description:
      'Clusters whose source did not answer, so that the lists below may be short: any of them may hold a part of it.',
  })
  async unreachable(@Root() { instant }: ApplicationType, @Ask() ask: Asking): Promise<readonly string[]> {
    const memberships = await membershipsOf(ask, instant);
    return memberships.filter(({ isCurrent }) => !isCurrent).map(({ cluster }) => cluster);
  }

  @FieldResolver(() => [MicroserviceType], {
    nullable: true,
    description: 'Its microservices in all clusters, by name; null when no cluster could tell.',
  })
  async microservices(
    @Root() application: ApplicationType,
    @Ask() ask: Asking,
  ): Promise<readonly MicroserviceType[] | null> {
    return microservicesOf(await partsOf(ask, application));
  }

  @FieldResolver(() => [ClusterType], {
    description:
      'Clusters that it has microservices or labelled pods in, in the order of configuration; of one that does not answer, as it was last known.',
  })
  async clusters(@Root() application: ApplicationType, @Ask() ask: Asking): Promise<readonly ClusterType[]> {
    const { name, instant } = application;
    const configured = ask.context.applications.configured().find((definition) => definition.name === name);
    const parts = await partsOf(ask, application);
    return parts
      .filter(({ cluster, membership: { isCurrent, labelled }, microservices }) => {
        if (labelled.has(name) || (microservices ?? []).length > 0) return true;
        return !isCurrent && (configured?.clusters?.includes(cluster) ?? false);
      })
      .map(({ cluster }) => new ClusterType(cluster, instant));
  }

  @FieldResolver(() => ServiceGraphType, {
    nullable: true,
    description:
      'Which of its microservices call which, and who else calls or is called, in all clusters; null when no cluster could tell.',
  })
  serviceGraph(
    @Root() application: ApplicationType,
    @WindowArg() windowMs: number | null,
    @Ask() ask: Asking,
  ): Promise<ServiceGraphType | null> {
    return serviceGraphOf(ask, application, windowMs);
  }

  @FieldResolver(() => SLOStateEnum, {
    nullable: true,
    description: 'Worst state of its SLOs; null without SLOs.',
  })
  async health(@Root() { name, instant }: ApplicationType, @Ask() ask: Asking): Promise<SloState | null> {
    const states = new Set((await slosOfApplication(ask, name, instant)).map(({ state }) => state));
    return sloStates.find((state) => states.has(state)) ?? null;
  }

  @FieldResolver(() => SLOConnection, {
    description: 'SLOs that name it, or are about one of its microservices and name no other; by name.',
  })
  slos(
    @Root() { name, instant }: ApplicationType,
    @Arg('filter', () => SLOFilter, { nullable: true, description: 'Which ones; all by default.' })
    filter: SLOFilter | null,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @Ask() ask: Asking,
  ): Promise<Page<SLOType>> {
    return sloPage(ask, instant, { filter, first, after }, undefined, name);
  }

  @FieldResolver(() => ViolationConnection, { description: 'Violations of its SLOs, newest first.' })
  violations(
    @Root() { name, instant }: ApplicationType,
    @Arg('filter', () => ViolationFilter, { nullable: true, description: 'Which ones; all by default.' })
    filter: ViolationFilter | null,
    @FirstArg() first: number | null,
    @AfterArg() after: string | null,
    @Ask() ask: Asking,
  ): Promise<Page<ViolationType>> {
    return violationPage(ask, instant, { filter, first, after }, undefined, { application: name });
  }
}
