import { readFile } from 'node:fs/promises';
import {
  type GraphQLField,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { getMetadataStorage } from 'type-graphql';
import { describe, expect, it } from 'vitest';
import { createSchema, printSdl } from '../../../src/graph/schema.js';

const schema = createSchema();

describe('the schema', () => {
  it('is the one that is published: after a change, `npm run schema` writes it', async () => {
    const published = await readFile(new URL('../../../schema.graphql', import.meta.url), 'utf8');

    expect(published).toBe(printSdl(schema));
  });

  it('prints equally each time it is built', () => {
    expect(printSdl(createSchema())).toBe(printSdl(createSchema()));
  });

  it('describes every type, field, argument, enum value and input field', () => {
    const own = Object.values(schema.getTypeMap()).filter(
      (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type) && !isRoot(type),
    );
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap(
      (type) => type ?? [],
    );

    expect([...own.flatMap(undescribed), ...roots.flatMap(undescribedFields)]).toEqual([]);
  });

  it('says null for whatever a source may not know, and never for names, ids and figures', () => {
    const typeOf = (path: string) => {
      const [type = '', field = ''] = path.split('.');
      const owner = schema.getType(type);
      return isObjectType(owner) ? String(owner.getFields()[field]?.type) : undefined;
    };

    expect(typeOf('Cluster.nodes')).toBe('NodeConnection');
    expect(typeOf('Node.ready')).toBe('Boolean');
    expect(typeOf('Node.id')).toBe('ID!');
    expect(typeOf('Node.cpuUsage')).toBe('Metric!');
    expect(typeOf('Metric.value')).toBe('Float');
    expect(typeOf('NodeConnection.totalCount')).toBe('Int!');
    expect(typeOf('Series.values')).toBe('[Float]!');
    expect(typeOf('Query.microservices')).toBe('MicroserviceConnection!');
  });

  // A simple field drops the roles and middlewares it is given without a word.
  it('gives no field roles or middlewares', () => {
    const { fields, middlewares, authorizedFields } = getMetadataStorage();

    expect(fields.filter(({ roles, middlewares: own }) => roles !== undefined || (own ?? []).length > 0)).toEqual([]);
    expect(middlewares).toEqual([]);
    expect(authorizedFields).toEqual([]);
  });
});

function isRoot(type: GraphQLNamedType): boolean {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].some((root) => root === type);
}

function undescribed(type: GraphQLNamedType): readonly string[] {
  return [...(type.description ? [] : [type.name]), ...undescribedFields(type)];
}

function undescribedFields(type: GraphQLNamedType): readonly string[] {
  const missing = (items: readonly { name: string; description?: string | null | undefined }[]) =>
    items.filter(({ description }) => !description).map(({ name }) => `${type.name}.${name}`);
  if (isEnumType(type)) return missing(type.getValues());
  if (isInputObjectType(type)) return missing(Object.values(type.getFields()));
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  const fields: readonly GraphQLField<unknown, unknown>[] = Object.values(type.getFields());
  const withArgs = fields.flatMap(({ name, args }) =>
    args.filter(({ description }) => !description).map((arg) => `${type.name}.${name}(${arg.name})`),
  );
  return [...missing(fields), ...withArgs];
}
