import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isNonNullType,
  isObjectType,
} from 'graphql';

/** Where a walk begins: what these roots lead to is the part of the schema that tells what runs. */
const ROOTS = ['clusters', 'applications', 'microservices'] as const;
/** Promises and what broke them: the walk sees whether there are any, and does not enter. */
const OTHER_PARTS: ReadonlySet<string> = new Set(['SLO', 'Violation', 'SLA', 'Alert']);

type Ask = (document: string) => Promise<Readonly<Record<string, unknown>>>;

/**
 * Reads every field of every type that the roots lead to, of all entities there are: one operation for each type of
 * entity, made from the schema, so that a new field is read without anybody thinking of it.
 * @returns whether something was known of `Type.field`, for each
 */
export async function walk(schema: GraphQLSchema, ask: Ask): Promise<ReadonlyMap<string, boolean>> {
  const known = new Map<string, boolean>();
  for (const [type, path] of pathsToEntities(schema)) {
    const selection = path.reduceRight((inner, field) => `${called(field)} { ${inner} }`, everythingOf(type, []));
    const answer = await ask(`{ ${selection} }`);
    const found = path.reduce<readonly unknown[]>(
      (owners, { name }) => owners.flatMap((owner) => (owner as Record<string, unknown> | null)?.[name] ?? []),
      [answer],
    );
    for (const entity of found) note(type, entity, known);
    if (found.length === 0) known.set(type.name, false);
  }
  return known;
}

type Field = GraphQLField<unknown, unknown>;

/** The shortest way from a root to each type of entity. */
function pathsToEntities(schema: GraphQLSchema): ReadonlyMap<GraphQLObjectType, readonly Field[]> {
  const query = schema.getQueryType()?.getFields() ?? {};
  const paths = new Map<GraphQLObjectType, readonly Field[]>();
  const seen = new Set<GraphQLObjectType>();
  let edge = ROOTS.map((name) => [query[name] as Field]);
  while (edge.length > 0) {
    edge = edge.flatMap((path) => {
      const type = getNamedType((path.at(-1) as Field).type);
      if (!isObjectType(type) || seen.has(type) || OTHER_PARTS.has(type.name)) return [];
      seen.add(type);
      if (isEntity(type)) paths.set(type, path);
      return Object.values(type.getFields()).map((field) => [...path, field]);
    });
  }
  return paths;
}

function isEntity(type: GraphQLObjectType): boolean {
  return type.getInterfaces().some(({ name }) => name === 'Entity');
}

/** All fields; of another entity only that it is there. */
function everythingOf(type: GraphQLObjectType, above: readonly GraphQLObjectType[]): string {
  return Object.values(type.getFields())
    .flatMap((field) => {
      const inner = getNamedType(field.type);
      if (!isObjectType(inner)) return [field.name];
      if (isEntity(inner)) return [`${called(field)} { id }`];
      return above.includes(inner) ? [] : [`${called(field)} { ${everythingOf(inner, [...above, type])} }`];
    })
    .join(' ');
}

/** With what it must be told; of lists as much as there may be. */
function called({ name, args }: Field): string {
  const given = args.flatMap((arg) => {
    if (arg.name === 'first') return ['first: 1000'];
    if (isNonNullType(arg.type) && arg.defaultValue === undefined) throw new Error(`${name} asks for ${arg.name}`);
    return [];
  });
  return given.length === 0 ? name : `${name}(${given.join(', ')})`;
}

function note(type: GraphQLObjectType, value: unknown, known: Map<string, boolean>): void {
  for (const field of Object.values(type.getFields())) {
    const part = (value as Record<string, unknown>)[field.name];
    if (part === undefined) continue;
    const key = `${type.name}.${field.name}`;
    known.set(key, known.get(key) === true || isKnown(field.type, part));
    const inner = getNamedType(field.type);
    if (!isObjectType(inner) || isEntity(inner)) continue;
    for (const one of [part].flat(2)) if (one !== null) note(inner, one, known);
  }
}

/** A figure has a value, a list or connection an element, anything else is not null. */
function isKnown(type: GraphQLOutputType, value: unknown): boolean {
  if (value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  const { name } = getNamedType(type);
  if (name === 'Metric') return (value as { value: unknown }).value !== null;
  return name.endsWith('Connection') ? (value as { nodes: readonly unknown[] }).nodes.length > 0 : true;
}
