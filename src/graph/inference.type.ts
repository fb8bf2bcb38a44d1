import { Field, ObjectType } from 'type-graphql';
import type { EntityKey, EntityRef } from '../domain/entity.js';
import type { InferenceFacts, Inventory } from '../domain/model.js';
import type { Placed } from './asking.js';
import type { Instant } from './instant.js';

@ObjectType('Inference', {
  description:
    'What a model server tells of itself: one model, all its replicas together. What a server has no metric for is missing as NOT_COLLECTED.',
  simpleResolvers: true,
})
export class InferenceType implements Placed {
  readonly ref: EntityRef;
  @Field(() => String, { description: '`vllm`, `triton`, `kserve`, `ray-serve` or `inference-gateway`.' })
  readonly server: string;
  @Field(() => String, {
    nullable: true,
    description:
      'Name of the model; for Ray Serve the application, for an inference gateway the pool it routes to. Null when the server does not name it.',
  })
  readonly model: string | null;

  constructor(
    cluster: string,
    key: EntityKey,
    { server, model }: InferenceFacts,
    readonly instant: Instant,
  ) {
    this.ref = { cluster, key };
    this.server = server;
    this.model = model;
  }
}

/** The servers that some of the pods run, by server and model. */
export function inferencesOf(
  servers: Inventory['inferenceServers'],
  pods: readonly EntityKey[],
  cluster: string,
  instant: Instant,
): readonly InferenceType[] {
  const own = new Set(pods);
  return [...servers]
    .filter(([, facts]) => facts.pods.some((pod) => own.has(pod)))
    .map(([key, facts]) => new InferenceType(cluster, key, facts, instant))
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

function orderOf({ server, model, ref }: InferenceType): string {
  return [server, model ?? '', ref.key].join('\n');
}
