import { isMap, isSeq } from 'yaml';
import { compositeOf, greatestBurnRate } from '../domain/composite.js';
import { Exact } from '../domain/decimal.js';
import type { BudgetingMethod, ObjectiveDefinition, SliDefinition, SloDefinition } from '../domain/slo.js';
import { confidenceIn, microserviceIn, noDataIn, numberIn, systemKindIn } from './annotations.js';
import { readBurnRateRules } from './burn-rates.js';
import { readCluster } from './cluster-choice.js';
import { conditionsIn } from './counting.js';
import { type Envelope, readDescription } from './envelope.js';
import { type ChosenIndicator, definitionOf, readIndicatorOf } from './indicator-choice.js';
import { hasErrors, type Library } from './library.js';
import { type ReadObjective, readObjectives } from './objectives.js';
import { revisionOf } from './revision.js';
import { checkSli } from './sli-check.js';
import type { SpecFields, SpecNode } from './spec-node.js';
import { suggestion } from './suggestion.js';
import { readWindow } from './time-window.js';

const FIELDS = [
  'description',
  'service',
  'indicator',
  'indicatorRef',
  'timeWindow',
  'budgetingMethod',
  'objectives',
  'alertPolicies',
] as const;

const METHODS: Readonly<Record<string, BudgetingMethod>> = {
  Occurrences: 'OCCURRENCES',
  Timeslices: 'TIMESLICES',
  RatioTimeslices: 'RATIO_TIMESLICES',
};

/** Reads a document of kind SLO; null when it has errors, which have been reported. */
export function readSlo(envelope: Envelope, library: Library): SloDefinition | null {
  const { metadata, document, spec } = envelope;
  const { annotations } = metadata;
  const fields = spec?.fields(FIELDS, 'a mapping of an SLO') ?? null;
  if (fields === null || spec === null) return null;
  const description = readDescription(fields.get('description'));
  const service = readService(fields, library);
  const isComposite = hasOwnIndicators(fields);
  const common = isComposite && !hasIndicator(fields) ? null : readIndicatorOf(fields, library);
  const window = readWindow(fields);
  const method = readMethod(fields.require('budgetingMethod', 'Occurrences'));
  const objectivesNode = fields.require('objectives', 'a list of objectives');
  const read = readObjectives(objectivesNode, {
    annotations,
    isComposite: isComposite && !hasIndicator(fields),
    indicator: common,
    method,
    windowMs: window?.windowMs ?? null,
    library,
  });
  const chosen = common === null ? (read ?? []).flatMap(({ chosen }) => chosen ?? []) : [common];
  const cluster = readCluster(
    chosen.map(({ indicator }) => indicator),
    envelope,
    library,
  );
  const objectives = read?.map(({ objective }) => objective) ?? null;
  const watched = objectives === null ? null : watchedBy(common === null, method, objectives);
  const slo = { annotations, windowMs: window?.windowMs ?? null, objectives: watched, objectivesNode };
  const burnRateRules = readBurnRateRules(fields, slo, library);
  const microservice = microserviceIn(annotations);
  const systemKind = systemKindIn(annotations) ?? 'OTHER';
  const guards = {
    ...guardsOf(envelope, chosen),
    confidence: confidenceIn(annotations),
    noData: noDataIn(annotations),
  };
  const sli = common === null ? null : definitionOf(common, annotations);
  document.problems.push(...checkAll(read ?? [], common, sli, spec, library));
  const { name } = metadata;
  if (hasErrors(document.problems) || name === null || service === null || method === null) return null;
  if (window === null || objectives === null || cluster === null) return null;
  const meaning = { name, cluster, sli, objectives, ...window, budgetingMethod: method, ...guards, burnRateRules };
  const { file = null, line } = document.root.place();
  const definition: SloDefinition = {
    ...meaning,
    displayName: metadata.displayName,
    description,
    service,
    labels: metadata.labels,
    microservice,
    application: annotations.get('application')?.text.trim() || null,
    systemKind,
    source: {
      file,
      line,
      format: 'OPENSLO_V1',
      revision: revisionOf(meaning),
      text: document.text,
      warnings: document.problems,
    },
  };
  return hasErrors(document.problems) ? null : definition;
}

/**
 * What burn rates are watched of. Of a composite it is all members together, and of one of events the greatest burn rate
 * decides which can fire, which follows from all their targets.
 */
function watchedBy(
  isComposite: boolean,
  method: BudgetingMethod | null,
  objectives: readonly ObjectiveDefinition[],
): readonly ObjectiveDefinition[] {
  const composite = isComposite ? compositeOf({ sli: null, objectives }) : null;
  if (composite === null || objectives.length === 0) return objectives;
  if (method !== 'OCCURRENCES') return [composite];
  const greatest = greatestBurnRate(objectives);
  return [{ ...composite, target: new Exact(1).minus(new Exact(1).div(greatest)).toSignificantDigits(15).toFixed() }];
}

function readService(fields: SpecFields, library: Library): string | null {
  const node = fields.require('service', 'the name of a Service');
  const name = node?.string('the name of a Service') ?? null;
  if (name === null || node === null || library.get('Service', name) !== null) return name;
  const advice =
    library.names('Service').length === 0 ? 'define one' : suggestion(name, library.names('Service'), 'defined are');
  node.report(`there is no Service "${name}"; ${advice}`, 'WARNING');
  return name;
}

function readMethod(node: SpecNode | null): BudgetingMethod | null {
  const word = node?.oneOf(Object.keys(METHODS)) ?? null;
  return word === null ? null : (METHODS[word] ?? null);
}

function hasIndicator(fields: SpecFields): boolean {
  return fields.get('indicator') !== null || fields.get('indicatorRef') !== null;
}

function hasOwnIndicators(fields: SpecFields): boolean {
  const { node } = fields.get('objectives') ?? {};
  return isSeq(node) && node.items.some((item) => isMap(item) && (item.has('indicator') || item.has('indicatorRef')));
}

/** Minimums by annotation, or as conditions of the SLO or of its indicators, the largest of which holds for all. */
function guardsOf(
  { metadata: { annotations } }: Envelope,
  chosen: readonly ChosenIndicator[],
): { readonly minEvents: number; readonly minFailures: number } {
  const conditions = [annotations, ...chosen.map(({ indicator }) => indicator.annotations)].map(conditionsIn);
  const [own] = conditions;
  for (const name of ['min-events', 'min-failures'] as const) {
    const inConditions = name === 'min-events' ? own?.minEvents : own?.minFailures;
    if (!annotations.has(name) || (inConditions ?? null) === null) continue;
    annotations.get(name)?.node.report(`${name} is given twice: here and in slograph.dev/conditions; keep one of them`);
  }
  return {
    minEvents: numberIn(annotations, 'min-events') ?? Math.max(0, ...conditions.map((one) => one.minEvents ?? 0)),
    minFailures: numberIn(annotations, 'min-failures') ?? Math.max(0, ...conditions.map((one) => one.minFailures ?? 0)),
  };
}

function checkAll(
  read: readonly ReadObjective[],
  common: ChosenIndicator | null,
  sli: SliDefinition | null,
  spec: SpecNode,
  library: Library,
): ReturnType<typeof checkSli> {
  const { checkSli: check } = library.options;
  const objectives = read.map(({ objective }) => objective);
  if (common !== null && sli !== null) return checkSli(check, sli, objectives, common.indicator.parts, spec);
  return read.flatMap(({ objective, chosen }) =>
    objective.sli === null || chosen === null
      ? []
      : checkSli(check, objective.sli, [objective], chosen.indicator.parts, spec),
  );
}
