import type { SliDefinition, SliMeasure } from '../domain/slo.js';
import { type Annotations, categoryIn, unitIn } from './annotations.js';
import { conditionsIn } from './counting.js';
import { type Indicator, readInlineIndicator, readSli } from './indicator.js';
import { hasErrors, type Library, placeText } from './library.js';
import type { SpecFields } from './spec-node.js';

/** The indicator of an SLO or of an objective. */
export interface ChosenIndicator {
  readonly indicator: Indicator;
  /** Whether it stands in the SLO itself. */
  readonly isInline: boolean;
}

/** Reads `indicator` or `indicatorRef`; null when it has errors, which have been reported. */
export function readIndicatorOf(fields: SpecFields, library: Library): ChosenIndicator | null {
  const form = fields.exactlyOne(['indicator', 'indicatorRef'], 'the SLI, in place or by its name');
  if (form === null) return null;
  if (form.name === 'indicator') {
    const indicator = readInlineIndicator(form.value, library);
    return indicator && { indicator, isInline: true };
  }
  const { scalar } = form.value;
  if (typeof scalar === 'string' && library.get('SLI', scalar) === null && library.get('SLO', scalar) !== null) {
    return form.value.report(
      `"${scalar}" is an SLO, and indicatorRef names an SLI: a composite is made of SLIs; write the indicator of "${scalar}" as a document of kind SLI, and name that here and there`,
    );
  }
  const target = library.resolve('SLI', form.value);
  if (target === null) return null;
  const indicator = library.once(target, (envelope) => readSli(envelope, library));
  if (indicator !== null && !hasErrors(target.document.problems)) return { indicator, isInline: false };
  return form.value.report(
    `the SLI "${target.metadata.name}" at ${placeText(target.document.root)} has errors; mend it first`,
  );
}

/** What an indicator means under an SLO, whose annotations win over its own. */
export function definitionOf({ indicator }: ChosenIndicator, ofSlo: Annotations): SliDefinition {
  const annotations: Annotations = new Map([...indicator.annotations, ...ofSlo]);
  const { lines, counting } = conditionsIn(annotations);
  return {
    name: indicator.name,
    category: categoryIn(annotations) ?? indicator.category ?? 'CUSTOM',
    unit: unitIn(annotations) ?? indicator.unit,
    measure: withPerspective(indicator.measure, annotations),
    conditions: lines,
    counting,
  };
}

/** Whose view counts is a parameter of a template; a query says it by itself. */
function withPerspective(measure: SliMeasure, annotations: Annotations): SliMeasure {
  const perspective = annotations.get('perspective');
  if (perspective === undefined) return measure;
  if (measure.kind !== 'TEMPLATE') {
    perspective.node.report(
      'perspective belongs to a template; say it in the query (reporter="source" is the client) and remove it',
    );
    return measure;
  }
  const parameters = { perspective: perspective.text, ...measure.call.parameters };
  return { ...measure, call: { ...measure.call, parameters } };
}
