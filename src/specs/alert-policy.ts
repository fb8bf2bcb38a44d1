import type { RateThreshold } from '../domain/alert-windows.js';
import type { Severity } from '../domain/slo.js';
import { type Envelope, type Kind, readDescription, readMetadata } from './envelope.js';
import { hasErrors, type Library } from './library.js';
import type { SpecFields, SpecNode } from './spec-node.js';
import { readDuration } from './values.js';

const operators = ['lte', 'gte', 'lt', 'gt'] as const;

/** OpenSLO leaves the words to its users. */
const SEVERITIES: Readonly<Record<string, Severity>> = {
  page: 'PAGE',
  critical: 'PAGE',
  high: 'PAGE',
  emergency: 'PAGE',
  sev1: 'PAGE',
  ticket: 'TICKET',
  warning: 'TICKET',
  medium: 'TICKET',
  sev2: 'TICKET',
  info: 'INFO',
  low: 'INFO',
  notice: 'INFO',
  none: 'INFO',
  sev3: 'INFO',
};

/** What a shared document came to. */
interface Read<T> {
  readonly value: T;
  readonly isSound: boolean;
}

/** Reads one of `alertPolicies[]` of an SLO: a reference, or a policy in place. Empty when it has errors or never alerts. */
export function readAlertPolicyOf(node: SpecNode, library: Library): readonly RateThreshold[] {
  return readReferenceOrInline(node, 'alertPolicyRef', 'AlertPolicy', library, readPolicy) ?? [];
}

/** Reads an alerting document, whoever refers to it. */
export function readAlerting(envelope: Envelope, library: Library): void {
  if (envelope.kind === 'AlertPolicy') readOnce(envelope, library, readPolicy);
  else if (envelope.kind === 'AlertCondition') readOnce(envelope, library, readCondition);
  else if (envelope.kind === 'AlertNotificationTarget') readOnce(envelope, library, readTarget);
}

type Reader<T> = (spec: SpecNode, library: Library) => T | null;

function readOnce<T>(envelope: Envelope, library: Library, reader: Reader<T>): Read<T | null> {
  return library.once(envelope, ({ spec, document }) => {
    const value = spec === null ? null : reader(spec, library);
    return { value, isSound: spec !== null && !hasErrors(document.problems) };
  });
}

function readReferenceOrInline<T>(
  node: SpecNode,
  reference: 'alertPolicyRef' | 'conditionRef' | 'targetRef',
  kind: Kind,
  library: Library,
  reader: Reader<T>,
): T | null {
  const what = `{ ${reference}: NAME }, or kind: ${kind} with metadata and spec`;
  const fields = node.fields([reference, 'kind', 'metadata', 'spec'], what);
  const chosen = fields?.exactlyOne([reference, 'spec'], what) ?? null;
  if (fields === null || chosen === null) return null;
  if (chosen.name === 'spec') {
    fields.require('kind', kind)?.oneOf([kind]);
    readMetadata(fields.require('metadata', 'a mapping with a name'), kind);
    return reader(chosen.value, library);
  }
  const target = library.resolve(kind, chosen.value);
  if (target === null) return null;
  const { value, isSound } = readOnce(target, library, reader);
  return isSound ? value : chosen.value.report(`the ${kind} "${target.metadata.name}" has errors; mend it first`);
}

function readPolicy(spec: SpecNode, library: Library): readonly RateThreshold[] | null {
  const switches = ['alertWhenNoData', 'alertWhenBreaching', 'alertWhenResolved'] as const;
  const fields = spec.fields(
    ['description', ...switches, 'conditions', 'notificationTargets'],
    'a mapping of an AlertPolicy',
  );
  if (fields === null) return null;
  readDescription(fields.get('description'));
  const [onNoData, onBreaching] = switches.map((name) => fields.get(name)?.boolean() ?? null);
  if (onNoData === true) {
    fields
      .key('alertWhenNoData')
      .report(
        'no alert is sent for missing data: it is a state of its own; slograph.dev/no-data says what it counts as',
        'WARNING',
      );
  }
  const conditions = listOf(fields, 'conditions', 'a list with one condition');
  if (conditions !== null && conditions.length !== 1) {
    fields
      .key('conditions')
      .report(`expected exactly one condition, got ${conditions.length}; write a policy for each`);
  }
  const read = (conditions ?? []).map((one) =>
    readReferenceOrInline(one, 'conditionRef', 'AlertCondition', library, readCondition),
  );
  const targets = listOf(fields, 'notificationTargets', 'a list of targets');
  if (targets?.length === 0)
    fields.key('notificationTargets').report('expected at least one target, got an empty list');
  for (const one of targets ?? []) {
    readReferenceOrInline(one, 'targetRef', 'AlertNotificationTarget', library, readTarget);
  }
  if (onBreaching === false) {
    fields.key('alertWhenBreaching').report('with alertWhenBreaching: false the policy never alerts', 'WARNING');
    return [];
  }
  return read.filter((condition) => condition !== null);
}

function readCondition(spec: SpecNode): RateThreshold | null {
  const fields = spec.fields(['description', 'severity', 'condition'], 'a mapping of an AlertCondition');
  if (fields === null) return null;
  readDescription(fields.get('description'));
  const severity = readSeverity(fields.require('severity', 'a text like page'));
  const condition = fields
    .require('condition', 'a mapping with kind, op, threshold and lookbackWindow')
    ?.fields(['kind', 'op', 'threshold', 'lookbackWindow', 'alertAfter'], 'a mapping of a condition');
  if (condition === null || condition === undefined) return null;
  readKind(condition);
  const op = condition.require('op', 'gt or gte');
  const operator = op?.oneOf(operators) ?? null;
  if (operator === 'lt' || operator === 'lte') {
    op?.report(`"${operator}" would alert while the burn rate is low; it is read as gt: write gt or gte`, 'WARNING');
  }
  const threshold = readThreshold(condition.require('threshold', 'a burn rate like 14.4'));
  const lookback = condition.require('lookbackWindow', 'a duration like 1h');
  const longWindowMs = lookback === null ? null : readDuration(lookback);
  const after = condition.get('alertAfter');
  const alertAfterMs = after === null ? 0 : readDuration(after, 0);
  if (severity === null || threshold === null || longWindowMs === null || alertAfterMs === null) return null;
  return {
    severity,
    factor: threshold,
    longWindowMs,
    shortWindowMs: longWindowMs,
    alertAfterMs,
  };
}

function readSeverity(node: SpecNode | null): Severity | null {
  const word = node?.string('a text like page') ?? null;
  if (node === null || word === null) return null;
  const known = SEVERITIES[word.trim().toLowerCase()];
  if (known !== undefined) return known;
  node.report(`the severity "${word}" is taken as ticket; words that are known: page, ticket, info`, 'WARNING');
  return 'TICKET';
}

/** OpenSLO's text gives `kind` a default, which its validator does not. */
function readKind(condition: SpecFields): void {
  if (condition.get('kind') === null && !condition.owner.isStrict) {
    condition.owner.report('"kind" is missing: burnrate is taken; write kind: burnrate', 'WARNING');
    return;
  }
  condition.require('kind', 'burnrate')?.oneOf(['burnrate']);
}

function readThreshold(node: SpecNode | null): number | null {
  const value = node?.number('a burn rate like 14.4') ?? null;
  if (value === null || value > 0) return value;
  return node?.expected('a burn rate above 0, like 14.4') ?? null;
}

function readTarget(spec: SpecNode): null {
  const fields = spec.fields(['description', 'target'], 'a mapping of an AlertNotificationTarget');
  readDescription(fields?.get('description') ?? null);
  fields?.require('target', 'a text like slack')?.string('a text like slack');
  return null;
}

function listOf(fields: SpecFields, name: string, what: string): readonly SpecNode[] | null {
  return fields.require(name, what)?.items(what) ?? null;
}
