import { type SloDefinition, sliOf } from '../domain/slo.js';
import type { Annotations } from './annotations.js';
import type { SpecFields, SpecNode } from './spec-node.js';

/** Something that OpenSLO or an annotation can say and that is not evaluated. */
interface Unsupported {
  readonly isUsed: (slo: SloDefinition) => boolean;
  readonly place: (spec: SpecFields, annotations: Annotations) => SpecNode;
  readonly message: string;
}

/** All that is read and not evaluated, so that nothing is evaluated as something else. */
export const unsupported: readonly Unsupported[] = [
  {
    isUsed: (slo) =>
      slo.objectives.some((objective) => {
        return sliOf(slo, objective).counting.when !== null;
      }),
    place: annotated('conditions'),
    message: 'when= is not evaluated; write the condition in words, or as hours=, or remove it',
  },
];

/** Reports what an SLO uses that is not evaluated. */
export function reportUnsupported(slo: SloDefinition, spec: SpecFields, annotations: Annotations): void {
  for (const { isUsed, place, message } of unsupported) {
    if (isUsed(slo)) place(spec, annotations).report(message);
  }
}

function annotated(name: string): Unsupported['place'] {
  return (spec, annotations) => annotations.get(name)?.node ?? spec.owner;
}
