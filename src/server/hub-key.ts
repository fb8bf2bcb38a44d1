import { createHash } from 'node:crypto';
import { type DocumentNode, getOperationAST, Kind, type OperationDefinitionNode, visit } from 'graphql';
import type { Caller } from '../domain/access.js';

/** Arguments that say where a stream begins, and nothing about what is in it from there on. */
const PLACES: ReadonlySet<string> = new Set(['after', 'snapshot', 'consumer']);

export interface Subscribed {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly caller: Caller;
}

/**
 * Equal for subscriptions that get the same answer to the same event: same document, variables and operation, same
 * scope and rights. Variables that only say where to begin do not count, nor do those that are not declared, so that whoever has caught up joins the rest.
 */
export function hubKey({ document, operationName, variables, caller }: Subscribed): string {
  const placed = placeVariables(document, operationName);
  const declared = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  const counting = new Set(declared.map(({ variable }) => variable.name.value).filter((name) => !placed.has(name)));
  const given = Object.entries(variables ?? {}).filter(([name]) => counting.has(name));
  const parts = JSON.stringify([
    caller.scope.key,
    [...caller.rights].sort(),
    operationName ?? null,
    canonical(Object.fromEntries(given)),
    document.loc?.source.body ?? null,
  ]);
  return createHash('sha256').update(parts).digest('base64');
}

const known = new WeakMap<DocumentNode, Map<string, ReadonlySet<string>>>();

/** Variables whose only use is an argument of the subscription's field that says where to begin. */
function placeVariables(document: DocumentNode, operationName: string | null | undefined): ReadonlySet<string> {
  const byName = known.get(document) ?? new Map<string, ReadonlySet<string>>();
  known.set(document, byName);
  const name = operationName ?? '';
  const found = byName.get(name) ?? findPlaceVariables(document, getOperationAST(document, operationName));
  byName.set(name, found);
  return found;
}

function findPlaceVariables(
  document: DocumentNode,
  operation: OperationDefinitionNode | null | undefined,
): ReadonlySet<string> {
  const uses = new Map<string, number>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name: { value } }) => void uses.set(value, (uses.get(value) ?? 0) + 1),
  });
  const names = new Set<string>();
  for (const field of operation?.selectionSet.selections ?? []) {
    if (field.kind !== Kind.FIELD) continue;
    for (const { name, value } of field.arguments ?? []) {
      if (value.kind === Kind.VARIABLE && PLACES.has(name.value) && uses.get(value.name.value) === 1) {
        names.add(value.name.value);
      }
    }
  }
  return names;
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.map(([name, inner]) => [name, canonical(inner)]);
}
