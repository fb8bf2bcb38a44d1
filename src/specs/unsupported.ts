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
    isUsed: ({ window }) => window.kind === 'CALENDAR',
    place: (spec) => spec.key('timeWindow'),
    message: 'calendar windows are not evaluated; use a rolling one: { duration: 30d, isRolling: true }',
  },
  {
    isUsed: ({ budgetingMethod }) => budgetingMethod === 'TIMESLICES',
    place: (spec) => spec.get('budgetingMethod') ?? spec.owner,
    message: 'Timeslices is not evaluated; write Occurrences, which counts events instead of slices of time',
  },
  {
    isUsed: ({ budgetingMethod }) => budgetingMethod === 'RATIO_TIMESLICES',
    place: (spec) => spec.get('budgetingMethod') ?? spec.owner,
    message: 'RatioTimeslices is not evaluated; write Occurrences, which counts events instead of slices of time',
  },
  {
    isUsed: ({ sli }) => sli === null,
    place: (spec) => spec.key('objectives'),
    message: 'composite objectives are not evaluated; write an SLO for each indicator, with the indicator under spec',
  },
  {
    isUsed: ({ noData }) => noData !== 'IGNORE',
    place: annotated('no-data'),
    message:
      'this policy is not evaluated; remove it: a window without data counts neither as good nor as bad ("ignore")',
  },
  {
    isUsed: (slo) =>
      slo.objectives.some((objective) => {
        const { hours, when } = sliOf(slo, objective).counting;
        return hours.length > 0 || when !== null;
      }),
    place: annotated('conditions'),
    message: 'hours= and when= are not evaluated; write conditions in words, or remove them',
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
