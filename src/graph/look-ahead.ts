import {
  type FieldNode,
  type GraphQLDirective,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  isLeafType,
  isObjectType,
  Kind,
  responsePathAsArray,
  type SelectionSetNode,
} from 'graphql';
import { type FamilyName, type MetricFamily, metricFamilies } from '../domain/metric.js';
import type { Facet } from '../domain/model.js';
import type { Column, Figure, FigureQuestion } from '../domain/ports.js';
import { DEFAULT_QUANTILE, type FigureOptions, type Placed, questionOf } from './asking.js';
import type { GraphContext } from './context.js';
import { questionKey } from './figure-loader.js';
import { MetricType } from './metric.type.js';
import type { Page } from './paging.js';

/** A figure of every item of a page, measured before the page was handed on. */
interface Fetched {
  readonly question: FigureQuestion;
  readonly column: Column<Figure>;
}

type Field = GraphQLField<unknown, GraphContext>;

/** What was fetched for the page that an item came with. */
const fetchedFor = new WeakMap<object, readonly Fetched[]>();

/**
 * Lets a list fetch the figures that are selected of its items, so that each of these answers at once: a promise per
 * figure of thousands of items costs more than all the rest. A field is known to be a figure of the catalogue by its
 * name: `cpuUsage` of Container is `container.cpuUsage`. What a list does not fetch, its resolver asks for as ever.
 */
export function withLookAhead(schema: GraphQLSchema): GraphQLSchema {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  const plain = new Set(
    types.flatMap((type) => Object.values(type.getFields()).filter((field) => isPlain(type, field))),
  );
  for (const type of types) {
    for (const field of Object.values(type.getFields())) {
      const family = familyOf(type, field);
      if (family !== null) answerAtOnce(field, family);
      const item = itemOf(field);
      if (item !== null) fetchAhead(field, item, plain);
    }
  }
  return schema;
}

/** Parts of the inventory that fields of items are read from: asked for before the figures, as without a list that waits. */
const FACETS: Readonly<Record<string, Readonly<Record<string, Facet>>>> = {
  Node: {
    ready: 'nodeStates',
    schedulable: 'nodeSchedulable',
    roles: 'nodeRoles',
    zone: 'nodeLabels',
    region: 'nodeLabels',
    kubeletVersion: 'nodes',
    kernelVersion: 'nodes',
    osImage: 'nodes',
    internalIP: 'nodes',
  },
  Pod: { phase: 'podStates', ready: 'podStates' },
  Container: {
    state: 'containerStates',
    stateReason: 'containerStates',
    ready: 'containerStates',
    restarts: 'containerStates',
    lastTerminationReason: 'containerStates',
  },
};

/** Whether a field is a property of its object. An id is computed from properties. */
function isPlain(type: GraphQLObjectType, field: Field): boolean {
  if (field.name === 'id' && type.getInterfaces().some(({ name }) => name === 'Entity')) delete field.resolve;
  return field.resolve === undefined && isLeafType(getNamedType(field.type));
}

/** The family of a field that is a figure; null for any other field. */
export function familyOf(type: GraphQLObjectType, field: Field): FamilyName | null {
  const name = `${type.name.charAt(0).toLowerCase()}${type.name.slice(1)}.${field.name}`;
  const isKnown = getNamedType(field.type).name === 'Metric' && Object.hasOwn(metricFamilies, name);
  return isKnown && field.args.every((arg) => arg.name === 'window' || arg.name === 'quantile')
    ? (name as FamilyName)
    : null;
}

function answerAtOnce(field: Field, family: FamilyName): void {
  const { resolve } = field;
  if (resolve === undefined) return;
  field.resolve = (source, args, context, info) => {
    const fetched = answerAmong(fetchedFor.get(source as object), family, args);
    if (fetched === undefined) return resolve(source, args, context, info);
    const { ref } = source as Placed;
    const figure = fetched.column.of(ref);
    if (figure.error !== undefined) context.report(figure.error, responsePathAsArray(info.path));
    return new MetricType(fetched.question, ref, figure);
  };
}

function answerAmong(
  all: readonly Fetched[] = [],
  family: FamilyName,
  args: Record<string, unknown>,
): Fetched | undefined {
  for (const fetched of all) if (isAnswer(fetched.question, family, args)) return fetched;
  return undefined;
}

/** The same defaults as where the question was made. */
function isAnswer(
  question: FigureQuestion,
  family: FamilyName,
  { window, quantile }: Record<string, unknown>,
): boolean {
  if (question.family !== family) return false;
  const { windowMs }: MetricFamily = metricFamilies[family];
  const share = quantile === null ? DEFAULT_QUANTILE : quantile;
  return question.windowMs === (window ?? windowMs) && question.quantile === share;
}

/** The type of the items where a field is a connection. */
function itemOf(field: Field): GraphQLObjectType | null {
  const connection = getNamedType(field.type);
  if (!isObjectType(connection) || !connection.name.endsWith('Connection')) return null;
  const item = getNamedType(connection.getFields().nodes?.type);
  return isObjectType(item) ? item : null;
}

function fetchAhead(field: Field, item: GraphQLObjectType, plain: ReadonlySet<Field>): void {
  const { resolve } = field;
  if (resolve === undefined) return;
  field.resolve = async (source, args, context, info) => {
    const page = (await resolve(source, args, context, info)) as Page<object> | null;
    const first = page?.nodes[0];
    if (page === null || first === undefined || !('ref' in first)) return page;
    const wishes = wishesBelow(info, item, plain);
    if (wishes === null || wishes.questions.length === 0) return page;
    const { questions, facets } = wishes;
    const items = page.nodes as readonly Placed[];
    const { atMs } = (first as Placed).instant;
    for (const cluster of new Set(items.map(({ ref }) => ref.cluster))) {
      for (const facet of facets) context.loaders.facet(facet, cluster, atMs).catch(() => undefined);
    }
    const refs = items.map(({ ref }) => ref);
    const answers = await Promise.allSettled(
      questions.map((question) => context.loaders.figures(question, refs, atMs)),
    );
    // What could not be read fails again where it is asked for, on the path of its field.
    const fetched = answers.flatMap((answer, index) =>
      answer.status === 'fulfilled' ? [{ question: questions[index] as FigureQuestion, column: answer.value }] : [],
    );
    for (const one of items) fetchedFor.set(one, fetched);
    return page;
  };
}

interface Wishes {
  readonly questions: readonly FigureQuestion[];
  readonly facets: ReadonlySet<Facet>;
}

/**
 * What is selected of a page's items. Null when anything is among it that leads on to other entities or to series: then
 * the list does not wait, so that what lies below it is asked for together with what lies elsewhere at the same depth.
 */
function wishesBelow(info: GraphQLResolveInfo, item: GraphQLObjectType, plain: ReadonlySet<Field>): Wishes | null {
  const questions = new Map<string, FigureQuestion>();
  const facets = new Set<Facet>();
  for (const node of itemFields(info)) {
    const field = item.getFields()[node.name.value];
    if (field === undefined || plain.has(field)) continue;
    const facet = FACETS[item.name]?.[field.name];
    const family = familyOf(item, field);
    if (facet !== undefined) {
      facets.add(facet);
    } else if (family !== null) {
      if (fieldsOf(info, node.selectionSet).some(({ name }) => name.value === 'series')) return null;
      const question = questionAsked(family, field, node, info);
      if (question !== null) questions.set(questionKey(question), question);
    } else {
      const own = getNamedType(field.type);
      const below = fieldsOf(info, node.selectionSet).map(
        ({ name }) => isObjectType(own) && own.getFields()[name.value],
      );
      if (field.name !== 'pod' || !below.every((one) => one && plain.has(one))) return null;
    }
  }
  return { questions: [...questions.values()], facets };
}

/** What a page's fields select of its items. */
function itemFields(info: GraphQLResolveInfo): readonly FieldNode[] {
  const named = (nodes: readonly FieldNode[], name: string) =>
    nodes.filter((node) => node.name.value === name).flatMap(({ selectionSet }) => fieldsOf(info, selectionSet));
  const page = info.fieldNodes.flatMap(({ selectionSet }) => fieldsOf(info, selectionSet));
  return [...named(page, 'nodes'), ...named(named(page, 'edges'), 'node')];
}

/** Null where the arguments are wrong: their field says so. */
function questionAsked(
  family: FamilyName,
  { args }: Field,
  node: FieldNode,
  { variableValues }: GraphQLResolveInfo,
): FigureQuestion | null {
  try {
    const { window, quantile } = getArgumentValues({ args } as GraphQLDirective, node, variableValues);
    const options: Record<string, unknown> = { windowMs: window };
    if (quantile !== undefined) options.quantile = quantile;
    return questionOf(family, options as FigureOptions);
  } catch {
    return null;
  }
}

/** Fields of a selection, fragments spread out; those that directives leave out are absent. */
function fieldsOf(info: GraphQLResolveInfo, selections: SelectionSetNode | undefined): readonly FieldNode[] {
  return (selections?.selections ?? []).flatMap((selection): readonly FieldNode[] => {
    const { variableValues } = info;
    if (getDirectiveValues(GraphQLSkipDirective, selection, variableValues)?.if === true) return [];
    if (getDirectiveValues(GraphQLIncludeDirective, selection, variableValues)?.if === false) return [];
    if (selection.kind === Kind.FIELD) return selection.name.value === '__typename' ? [] : [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) return fieldsOf(info, selection.selectionSet);
    return fieldsOf(info, info.fragments[selection.name.value]?.selectionSet);
  });
}
