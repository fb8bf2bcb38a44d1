import {
  type FieldNode,
  type GraphQLDirective,
  type GraphQLField,
  type GraphQLObjectType,
  getArgumentValues,
  getNamedType,
  isLeafType,
  isObjectType,
} from 'graphql';
import { type FamilyName, metricFamilies } from '../domain/metric.js';
import type { FigureQuestion } from '../domain/ports.js';
import { type FigureOptions, questionOf } from './asking.js';
import type { GraphContext } from './context.js';
import { type Fact, factOf } from './facts.js';
import { fieldsOf, type SelectionContext } from './selection.js';

export type Field = GraphQLField<unknown, GraphContext>;

/** A field that is selected of the items of a list. */
interface Wish {
  readonly field: string;
  /** From the list to the field, in the keys of the answer; the number of the item goes behind the first. */
  readonly path: readonly string[];
}

export interface FigureWish extends Wish {
  /** An error where the arguments are wrong: it belongs to the field. */
  readonly question: FigureQuestion | Error;
}

export interface FactWish extends Wish {
  readonly fact: Fact;
}

/** What a list can fetch of its items. */
export interface Wishes {
  readonly figures: readonly FigureWish[];
  readonly facts: readonly FactWish[];
  /** Whether anything else is selected: other entities, or series. */
  readonly leadsOn: boolean;
}

/** What is selected of a list's items. */
export function wishesBelow(context: SelectionContext, lists: readonly FieldNode[], item: GraphQLObjectType): Wishes {
  const figures: FigureWish[] = [];
  const facts: FactWish[] = [];
  let leadsOn = false;
  for (const [prefix, node] of itemFields(context, lists, item)) {
    const field = item.getFields()[node.name.value];
    if (field === undefined || isPlain(field)) continue;
    const wish = { field: field.name, path: [...prefix, node.alias?.value ?? field.name] };
    const fact = factOf(item.name, field.name);
    const family = familyOf(item, field);
    if (fact !== null) {
      facts.push({ ...wish, fact });
    } else if (family !== null) {
      leadsOn ||= fieldsOf(context, node.selectionSet).some(({ name }) => name.value === 'series');
      figures.push({ ...wish, question: questionAsked(context, family, field, node) });
    } else if (field.name !== 'pod' || !isPlainBelow(context, field, node)) {
      leadsOn = true;
    }
  }
  return { figures, facts, leadsOn };
}

/** Whether a field is a property of its object. An id is computed from properties. */
export function isPlain(field: Field): boolean {
  return plainFields.has(field);
}

/** Marks what is plain in a type; the id of an entity becomes so. */
export function markPlain(type: GraphQLObjectType): void {
  const isEntity = type.getInterfaces().some(({ name }) => name === 'Entity');
  for (const field of Object.values(type.getFields())) {
    if (field.name === 'id' && isEntity) delete field.resolve;
    if (field.resolve === undefined && isLeafType(getNamedType(field.type))) plainFields.add(field);
  }
}

const plainFields = new WeakSet<Field>();

/** The family of a field that is a figure; null for any other field. */
export function familyOf(type: GraphQLObjectType, field: Field): FamilyName | null {
  const name = `${type.name.charAt(0).toLowerCase()}${type.name.slice(1)}.${field.name}`;
  const isKnown = getNamedType(field.type).name === 'Metric' && Object.hasOwn(metricFamilies, name);
  return isKnown && field.args.every((arg) => arg.name === 'window' || arg.name === 'quantile')
    ? (name as FamilyName)
    : null;
}

/** Whether lists fetch a field of their items. */
export function isFetchedByLists(item: GraphQLObjectType, field: Field): boolean {
  return familyOf(item, field) !== null || factOf(item.name, field.name) !== null;
}

/** The type of the items where a field is a connection. */
export function itemOf(field: Field): GraphQLObjectType | null {
  const connection = getNamedType(field.type);
  if (!isObjectType(connection) || !connection.name.endsWith('Connection')) return null;
  const item = getNamedType(connection.getFields().nodes?.type);
  return isObjectType(item) ? item : null;
}

type Way = readonly [path: readonly string[], field: FieldNode];

/** What a list's fields select of its items, each with the way to it. */
function itemFields(context: SelectionContext, lists: readonly FieldNode[], item: GraphQLObjectType): readonly Way[] {
  const below = (ways: readonly Way[], name: string, type?: GraphQLObjectType) =>
    ways
      .filter(([, node]) => node.name.value === name)
      .flatMap(([path, node]) => fieldsIn(context, [...path, node.alias?.value ?? name], node, type));
  const page = lists.flatMap((list) => fieldsIn(context, [], list));
  return [...below(page, 'nodes', item), ...below(below(page, 'edges'), 'node', item)];
}

function fieldsIn(
  context: SelectionContext,
  path: readonly string[],
  { selectionSet }: FieldNode,
  type?: GraphQLObjectType,
): readonly Way[] {
  return fieldsOf(context, selectionSet, type).map((node) => [path, node] as const);
}

function isPlainBelow(context: SelectionContext, field: Field, { selectionSet }: FieldNode): boolean {
  const type = getNamedType(field.type);
  return fieldsOf(context, selectionSet).every(({ name }) => {
    const below = isObjectType(type) ? type.getFields()[name.value] : undefined;
    return below !== undefined && isPlain(below);
  });
}

function questionAsked(
  { variableValues }: SelectionContext,
  family: FamilyName,
  { args }: Field,
  node: FieldNode,
): FigureQuestion | Error {
  try {
    const { window, quantile } = getArgumentValues({ args } as GraphQLDirective, node, variableValues);
    const options: Record<string, unknown> = { windowMs: window };
    if (quantile !== undefined) options.quantile = quantile;
    return questionOf(family, options as FigureOptions);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
