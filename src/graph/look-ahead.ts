import { type GraphQLObjectType, type GraphQLSchema, isObjectType, responsePathAsArray } from 'graphql';
import { type FamilyName, type MetricFamily, metricFamilies } from '../domain/metric.js';
import type { Column, Figure, FigureQuestion } from '../domain/ports.js';
import { DEFAULT_QUANTILE, type Placed } from './asking.js';
import { MetricType } from './metric.type.js';
import type { Page } from './paging.js';
import { factsAsked, figuresAsked, type PageAhead, setProperties } from './prefetch.js';
import { type Field, familyOf, isFetchedByLists, itemOf, markPlain, wishesBelow } from './wishes.js';

/** A figure of every item of a page, measured before the page was handed on. */
interface Fetched {
  readonly question: FigureQuestion;
  readonly column: Column<Figure>;
}

/** What was fetched for the page that an item came with. */
const fetchedFor = new WeakMap<object, readonly Fetched[]>();

/**
 * Lets a list fetch the figures that are selected of its items, so that each of these answers at once: a promise per
 * figure of thousands of items costs more than all the rest. A field is known to be a figure of the catalogue by its
 * name: `cpuUsage` of Container is `container.cpuUsage`. What a list does not fetch, its resolver asks for as ever.
 */
export function withLookAhead(schema: GraphQLSchema): GraphQLSchema {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  types.forEach(markPlain);
  for (const type of types) {
    for (const field of Object.values(type.getFields())) {
      const family = familyOf(type, field);
      if (family !== null) answerAtOnce(field, family);
      const item = itemOf(field);
      if (item !== null) fetchAhead(field, item, keepFetched);
    }
  }
  return schema;
}

/**
 * The same where figures and facts of the items of lists have no resolvers: they are properties, which the list sets.
 * Compiled code reads a property in a tenth of what it takes to call a resolver, whose arguments, path and handlers it
 * makes anew for every item.
 */
export function withPlainItems(schema: GraphQLSchema): GraphQLSchema {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  types.forEach(markPlain);
  const lists = types.flatMap((type) => Object.values(type.getFields())).filter((field) => itemOf(field) !== null);
  for (const list of lists) {
    const item = itemOf(list) as GraphQLObjectType;
    for (const field of Object.values(item.getFields())) if (isFetchedByLists(item, field)) delete field.resolve;
    fetchAhead(list, item, setProperties);
  }
  return schema;
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

function fetchAhead(field: Field, item: GraphQLObjectType, fetch: (page: PageAhead) => Promise<void>): void {
  const { resolve } = field;
  if (resolve === undefined) return;
  field.resolve = async (source, args, context, info) => {
    const page = (await resolve(source, args, context, info)) as Page<object> | null;
    const first = page?.nodes[0];
    if (page === null || first === undefined || !('ref' in first)) return page;
    const wishes = wishesBelow(info, info.fieldNodes, item);
    await fetch({ items: page.nodes as readonly Placed[], ...wishes, context, path: info.path });
    return page;
  };
}

/**
 * Keeps the figures for their resolvers. A list from which more is selected does not wait, so that what lies below it is
 * asked for together with what lies elsewhere at the same depth. Facts are only asked for before the figures, for the
 * same reason.
 */
async function keepFetched(page: PageAhead): Promise<void> {
  if (page.leadsOn || page.figures.length === 0) return;
  for (const outcome of factsAsked(page).values()) outcome.catch(() => undefined);
  const asked = [...figuresAsked(page).values()];
  const answers = await Promise.allSettled(asked.map(({ column }) => column));
  // What could not be read fails again where it is asked for, on the path of its field.
  const fetched = answers.flatMap((answer, index) =>
    answer.status === 'fulfilled'
      ? [{ question: (asked[index] as { question: FigureQuestion }).question, column: answer.value }]
      : [],
  );
  for (const item of page.items) fetchedFor.set(item, fetched);
}
