/** Kinds of entities that have an id of their own in the graph. */
export type EntityKind =
  | 'Cluster'
  | 'Node'
  | 'Pod'
  | 'Container'
  | 'GPU'
  | 'Microservice'
  | 'Application'
  | 'SLO'
  | 'Objective'
  | 'Violation';

/** What figures belong to, inside a cluster: entities, and the parts of them that are listed with figures of their own. */
export type MeasuredKind =
  | 'Cluster'
  | 'Node'
  | 'Filesystem'
  | 'Pod'
  | 'Container'
  | 'GPU'
  | 'Microservice'
  | 'ServiceEdge'
  | 'ResponseCode'
  | 'Inference';

/**
 * Names something measured inside its cluster, its parts joined by `/`. Kubernetes names never contain `/`; where a part
 * can (a mount point), it comes last.
 *
 * | kind | parts |
 * | --- | --- |
 * | Cluster | none: the empty string |
 * | Node | name |
 * | Filesystem | node, mount point |
 * | Pod | namespace, name |
 * | Container | namespace, pod, name |
 * | GPU | UUID of the card; where it is split into MIG instances, the number of the instance too |
 * | Microservice | namespace, name |
 * | ServiceEdge | source namespace, source workload, target namespace, target name, protocol |
 * | ResponseCode | namespace, microservice, protocol, code |
 * | Inference | namespace, workload, model server, model: its replicas are one |
 */
export type EntityKey = string;

/** The key of an entity from its parts: `crosswalk/detector-6c7d-x2/app`. */
export function entityKey(...parts: readonly string[]): EntityKey {
  return parts.join('/');
}

/** An entity of some cluster. */
export interface EntityRef {
  readonly cluster: string;
  readonly key: EntityKey;
}

/** An opaque, stable id: equal for equal parts, always. */
export function encodeId(kind: EntityKind, ...parts: readonly string[]): string {
  let text = `[${JSON.stringify(kind)}`;
  for (const part of parts) text += `,${JSON.stringify(part)}`;
  return base64url(`${text}]`);
}

/** Ids of lists are made by the thousand, and most are short. */
const scratch = Buffer.allocUnsafe(1_024);
const MAX_BYTES_PER_CHARACTER = 3;

function base64url(text: string): string {
  if (text.length * MAX_BYTES_PER_CHARACTER > scratch.length) return Buffer.from(text).toString('base64url');
  return scratch.toString('base64url', 0, scratch.write(text));
}

/** The kind and parts of an id, or null when it is not one of ours. */
export function decodeId(id: string): { readonly kind: EntityKind; readonly parts: readonly string[] } | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(id, 'base64url').toString());
    if (!Array.isArray(value) || !value.every((part) => typeof part === 'string') || value.length === 0) return null;
    const [kind, ...parts] = value as [EntityKind, ...string[]];
    return encodeId(kind, ...parts) === id ? { kind, parts } : null;
  } catch {
    return null;
  }
}
