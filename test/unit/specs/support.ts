import { problemText } from '../../../src/domain/errors.js';
import type { Definitions } from '../../../src/domain/slo.js';
import { createSliCompiler } from '../../../src/sources/sli-compiler.js';
import { sliTemplates } from '../../../src/sources/sli-templates.js';
import type { DefinitionOptions } from '../../../src/specs/library.js';
import { parseDefinitions } from '../../../src/specs/openslo.js';

const compiler = createSliCompiler({
  dataSourceOf() {
    throw new Error('a check asks no data source');
  },
});

/** The real compiler and templates, and one cluster. */
export const options: DefinitionOptions = {
  clusters: ['edge-seoul'],
  checkSli: (sli, objectives) => compiler.check(sli, objectives),
  templateInfo: (name) => sliTemplates.find((template) => template.name === name) ?? null,
};

/** A whole and right SLO, to be changed by tests. Lines count. */
export const good = `apiVersion: openslo/v1
kind: SLO
metadata:
  name: detector-availability
  annotations:
    slograph.dev/microservice: crosswalk/detector
spec:
  service: detector
  indicator:
    metadata:
      name: detector-availability
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec:
              query: sum(http_requests_total{code!~"5.."})
        total:
          metricSource:
            type: Prometheus
            spec:
              query: sum(http_requests_total)
  timeWindow:
    - duration: 30d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - displayName: Answered
      target: 0.999
`;

/** A right SLO whose SLI is a value. */
export const threshold = `apiVersion: openslo/v1
kind: SLO
metadata:
  name: queue-age
  annotations:
    slograph.dev/unit: seconds
spec:
  service: detector
  indicator:
    metadata: { name: queue-age }
    spec:
      thresholdMetric:
        metricSource:
          spec:
            query: max(queue_age_seconds)
  timeWindow: [{ duration: 4w, isRolling: true }]
  budgetingMethod: Occurrences
  objectives:
    - op: lte
      value: 30
      target: 0.95
`;

export const service = 'apiVersion: openslo/v1\nkind: Service\nmetadata: { name: detector }\n';

/** Reads texts as files a.yaml, b.yaml, …, beside the Service that the examples name. */
export function read(...texts: readonly string[]): Definitions {
  return readWith(options, ...texts);
}

export function readWith(own: DefinitionOptions, ...texts: readonly string[]): Definitions {
  const files = texts.map((text, index) => ({ file: `${'abcdef'[index]}.yaml`, text }));
  return parseDefinitions([...files, { file: 'service.yaml', text: service }], own);
}

/** Problems as people see them. */
export function shown({ problems }: Definitions): readonly string[] {
  return problems.map((problem) => `${problem.severity === 'WARNING' ? 'warning ' : ''}${problemText(problem)}`);
}

/** The text with one part replaced, which must be there. */
export function swap(text: string, part: string, by: string): string {
  if (!text.includes(part)) throw new Error(`"${part}" is not in the text`);
  return text.replace(part, () => by);
}
