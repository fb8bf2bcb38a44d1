import { isMap, isSeq } from 'yaml';
import { burnRateRules, defaultWindowPairs, parseBurnRateWindows, type WindowPair } from '../domain/alert-windows.js';
import type { BurnRateRule, ObjectiveDefinition, SliMeasure, SloDefinition } from '../domain/slo.js';
import { checkAlertPolicyOf } from './alert-policy.js';
import {
  type Annotations,
  categoryIn,
  conditionsIn,
  microserviceIn,
  numberIn,
  reportUnevaluated,
  systemKindIn,
  unitIn,
} from './annotations.js';
import { type Envelope, readDescription } from './envelope.js';
import { type Indicator, readInlineIndicator, readSli } from './indicator.js';
import { hasErrors, type Library, placeText } from './library.js';
import { readObjectives } from './objectives.js';
import { revisionOf } from './revision.js';
import { checkSli } from './sli-check.js';
import type { SpecFields, SpecNode } from './spec-node.js';
import { suggestion } from './suggestion.js';
import { readDuration } from './values.js';

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

/** Reads a document of kind SLO; null when it has errors, which have been reported. */
export function readSlo(envelope: Envelope, library: Library): SloDefinition | null {
  const { metadata, document, spec } = envelope;
  const { annotations } = metadata;
  const fields = spec?.fields(FIELDS, 'a mapping of an SLO') ?? null;
  reportUnevaluated(annotations);
  if (fields === null) return null;
  const description = readDescription(fields.get('description'));
  const service = readService(fields, library);
  const { indicator, isInline } = readIndicatorOf(fields, library);
  const windowMs = readWindow(
    fields.require('timeWindow', 'a list with one window, like [{ duration: 30d, isRolling: true }]'),
  );
  const hasSlices = readBudgeting(fields.require('budgetingMethod', 'Occurrences'));
  const objectivesNode = fields.require('objectives', 'a list of objectives');
  const context = { isThreshold: indicator?.isThreshold ?? null, isInline, hasSlices };
  const objectives = readObjectives(objectivesNode, context, annotations);
  const cluster = readCluster(indicator, envelope, library);
  const burnRateRules = readBurnRateRules(annotations, windowMs, objectives, objectivesNode);
  readAlertPolicies(fields, annotations, library);
  const microservice = microserviceIn(annotations);
  const minEvents = numberIn(annotations, 'min-events') ?? 0;
  const systemKind = systemKindIn(annotations) ?? 'OTHER';
  const sli = indicator === null ? null : sliOf(indicator, annotations);
  if (sli !== null && indicator !== null && spec !== null) {
    const problems = checkSli(library.options.checkSli, sli, objectives ?? [], indicator.parts, spec);
    document.problems.push(...problems);
  }
  const { name } = metadata;
  if (hasErrors(document.problems) || name === null || service === null || sli === null) return null;
  if (windowMs === null || objectives === null || cluster === null) return null;
  const budgetingMethod = 'OCCURRENCES';
  const meaning = { name, cluster, objectives, windowMs, budgetingMethod, minEvents, burnRateRules } as const;
  const { file = null, line } = document.root.place();
  return {
    ...meaning,
    displayName: metadata.displayName,
    description,
    service,
    labels: metadata.labels,
    microservice,
    application: annotations.get('application')?.text.trim() || null,
    systemKind,
    sli,
    source: {
      file,
      line,
      format: 'OPENSLO_V1',
      revision: revisionOf({ ...meaning, measure: sli.measure }),
      text: document.text,
      warnings: document.problems,
    },
  };
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

function readIndicatorOf(
  fields: SpecFields,
  library: Library,
): { readonly indicator: Indicator | null; readonly isInline: boolean } {
  // Composite objectives are reported where they stand.
  const isComposite =
    fields.get('indicator') === null && fields.get('indicatorRef') === null && hasOwnIndicators(fields);
  if (isComposite) return { indicator: null, isInline: false };
  const form = fields.exactlyOne(['indicator', 'indicatorRef'], 'the SLI, in place or by its name');
  if (form === null) return { indicator: null, isInline: false };
  if (form.name === 'indicator') return { indicator: readInlineIndicator(form.value, library), isInline: true };
  const target = library.resolve('SLI', form.value);
  if (target === null) return { indicator: null, isInline: false };
  const indicator = library.once(target, (envelope) => readSli(envelope, library));
  if (indicator === null || hasErrors(target.document.problems)) {
    form.value.report(
      `the SLI "${target.metadata.name}" at ${placeText(target.document.root)} has errors; mend it first`,
    );
    return { indicator: null, isInline: false };
  }
  return { indicator, isInline: false };
}

function hasOwnIndicators(fields: SpecFields): boolean {
  const { node } = fields.get('objectives') ?? {};
  return isSeq(node) && node.items.some((item) => isMap(item) && (item.has('indicator') || item.has('indicatorRef')));
}

function readWindow(node: SpecNode | null): number | null {
  const windows = node?.items('a list with one window') ?? null;
  if (node === null || windows === null) return null;
  const [window] = windows;
  if (window === undefined || windows.length > 1) {
    return node.report(`expected exactly one time window, got ${windows.length}; write an SLO for each window`);
  }
  const fields = window.fields(
    ['duration', 'isRolling', 'calendar'],
    'a mapping like { duration: 30d, isRolling: true }',
  );
  if (fields === null) return null;
  const rolling = fields.get('isRolling');
  const isRolling = rolling?.boolean() ?? false;
  const duration = fields.require('duration', 'a duration like 30d');
  const windowMs = duration === null ? null : readDuration(duration);
  const calendar = fields.get('calendar');
  if (isRolling && calendar !== null) {
    return fields.key('calendar').report('"calendar" cannot stand beside isRolling: true; remove it');
  }
  if (calendar !== null) {
    return fields
      .key('calendar')
      .report('calendar windows are not evaluated; use a rolling one: { duration: 30d, isRolling: true }');
  }
  if (!isRolling) {
    return (rolling ?? window).report(
      'expected isRolling: true (a window that is not rolling needs a calendar, and calendar windows are not evaluated)',
    );
  }
  return windowMs;
}

/** Whether the method counts slices of time, which is reported. */
function readBudgeting(node: SpecNode | null): boolean {
  const method = node?.oneOf(['Occurrences', 'Timeslices', 'RatioTimeslices'] as const) ?? null;
  if (method === null || method === 'Occurrences') return false;
  node?.report(`${method} is not evaluated; write Occurrences, which counts events instead of slices of time`);
  return true;
}

/** The one cluster that the SLI is measured in: by its metric sources, else the annotation, else the only one. */
function readCluster(indicator: Indicator | null, { metadata, document }: Envelope, library: Library): string | null {
  const { clusters } = library.options;
  const annotation = metadata.annotations.get('cluster');
  if (annotation !== undefined && !clusters.includes(annotation.text)) {
    return annotation.node.report(
      `there is no cluster "${annotation.text}"; ${suggestion(annotation.text, clusters, 'configured are')}`,
    );
  }
  if (indicator === null) return null;
  const named = [...indicator.clusters].filter((entry): entry is [string, SpecNode] => entry[0] !== null);
  const [first, second] = named;
  if (first !== undefined && second !== undefined) {
    return second[1].report(
      `this is measured in cluster "${second[0]}" and another part in "${first[0]}"; all parts of an SLI are measured in one cluster`,
    );
  }
  if (first !== undefined && annotation !== undefined && annotation.text !== first[0]) {
    return annotation.node.report(
      `the annotation says cluster "${annotation.text}" and metricSourceRef "${first[0]}"; remove one of them`,
    );
  }
  const found = first?.[0] ?? annotation?.text ?? (clusters.length === 1 ? clusters[0] : undefined);
  if (found !== undefined) return found;
  return document.root.report(
    clusters.length === 0
      ? 'no cluster is configured that could measure this'
      : `which cluster measures this is not said; name one (${clusters.join(', ')}) in metricSourceRef or in the annotation slograph.dev/cluster`,
  );
}

function readBurnRateRules(
  annotations: Annotations,
  windowMs: number | null,
  objectives: readonly ObjectiveDefinition[] | null,
  objectivesNode: SpecNode | null,
): readonly BurnRateRule[] {
  const annotation = annotations.get('burn-rate-windows');
  const pairs = pairsIn(annotation);
  if (pairs === null || windowMs === null || objectives === null) return [];
  const node = annotation?.node ?? objectivesNode;
  const kept = new Map<string, BurnRateRule>();
  for (const { name, target } of objectives) {
    const { rules, warnings } = burnRateRules({ windowMs, target, pairs });
    for (const rule of rules) kept.set(`${rule.longWindowMs}/${rule.shortWindowMs}/${rule.severity}`, rule);
    for (const warning of warnings) node?.report(objectives.length > 1 ? `${name}: ${warning}` : warning, 'WARNING');
  }
  const order = pairs.map((pair) => `${pair.longWindowMs}/${pair.shortWindowMs}/${pair.severity}`);
  return order.flatMap((key) => kept.get(key) ?? []);
}

function pairsIn(
  annotation: { readonly text: string; readonly node: SpecNode } | undefined,
): readonly WindowPair[] | null {
  if (annotation === undefined) return defaultWindowPairs;
  try {
    return parseBurnRateWindows(annotation.text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return annotation.node.report(error.message);
  }
}

/** Policies of OpenSLO know one window only: they are checked, and the pairs of windows are evaluated in their place. */
function readAlertPolicies(fields: SpecFields, annotations: Annotations, library: Library): void {
  const policies = fields.get('alertPolicies')?.items('a list of alert policies') ?? [];
  for (const policy of policies) checkAlertPolicyOf(policy, library);
  if (policies.length === 0) return;
  const pairs = annotations.get('burn-rate-windows')?.text ?? '2%/1h/5m,5%/6h/30m,10%/3d/6h';
  fields
    .key('alertPolicies')
    .report(
      `alert policies are checked but not evaluated, nor are their targets notified: burn-rate violations follow the pairs of windows ${pairs} (annotation slograph.dev/burn-rate-windows), and receivers are configured in Alertmanager`,
      'WARNING',
    );
}

function sliOf(indicator: Indicator, annotations: Annotations): SloDefinition['sli'] {
  const conditions = conditionsIn(annotations);
  return {
    name: indicator.name,
    category: categoryIn(annotations) ?? indicator.category ?? 'CUSTOM',
    unit: unitIn(annotations) ?? indicator.unit,
    measure: withPerspective(indicator.measure, annotations),
    conditions: conditions.length > 0 ? conditions : indicator.conditions,
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
