import { type Envelope, type Kind, readDescription, readMetadata } from './envelope.js';
import { hasErrors, type Library } from './library.js';
import type { SpecFields, SpecNode } from './spec-node.js';
import { readDuration } from './values.js';

const operators = ['lte', 'gte', 'lt', 'gt'] as const;

/** Checks `alertPolicies[]` of an SLO: a reference, or a policy in place. */
export function checkAlertPolicyOf(node: SpecNode, library: Library): void {
  checkReferenceOrInline(node, 'alertPolicyRef', 'AlertPolicy', library);
}

/** Checks a definition that is not evaluated but must be right. */
export function checkAlerting(kind: Kind, spec: SpecNode | null, library: Library): void {
  if (spec === null) return;
  if (kind === 'AlertPolicy') checkPolicy(spec, library);
  else if (kind === 'AlertCondition') checkCondition(spec);
  else if (kind === 'AlertNotificationTarget') checkTarget(spec);
}

function checkReferenceOrInline(
  node: SpecNode,
  reference: 'alertPolicyRef' | 'conditionRef' | 'targetRef',
  kind: Kind,
  library: Library,
): void {
  const what = `{ ${reference}: NAME }, or kind: ${kind} with metadata and spec`;
  const fields = node.fields([reference, 'kind', 'metadata', 'spec'], what);
  if (fields === null) return;
  const chosen = fields.exactlyOne([reference, 'spec'], what);
  if (chosen === null) return;
  if (chosen.name === 'spec') {
    fields.require('kind', kind)?.oneOf([kind]);
    readMetadata(fields.require('metadata', 'a mapping with a name'), kind);
    checkAlerting(kind, chosen.value, library);
    return;
  }
  const target = library.resolve(kind, chosen.value);
  if (target !== null && !library.once(target, (envelope) => isSound(envelope, library))) {
    chosen.value.report(`the ${kind} "${target.metadata.name}" has errors; mend it first`);
  }
}

function isSound({ kind, spec, document }: Envelope, library: Library): boolean {
  checkAlerting(kind, spec, library);
  return !hasErrors(document.problems);
}

function checkPolicy(spec: SpecNode, library: Library): void {
  const switches = ['alertWhenNoData', 'alertWhenBreaching', 'alertWhenResolved'] as const;
  const fields = spec.fields(
    ['description', ...switches, 'conditions', 'notificationTargets'],
    'a mapping of an AlertPolicy',
  );
  if (fields === null) return;
  readDescription(fields.get('description'));
  for (const name of switches) fields.get(name)?.boolean();
  const conditions = listOf(fields, 'conditions', 'a list with one condition');
  if (conditions !== null && conditions.length !== 1) {
    fields
      .key('conditions')
      .report(`expected exactly one condition, got ${conditions.length}; write a policy for each`);
  }
  for (const one of conditions ?? []) checkReferenceOrInline(one, 'conditionRef', 'AlertCondition', library);
  const targets = listOf(fields, 'notificationTargets', 'a list of targets');
  if (targets?.length === 0)
    fields.key('notificationTargets').report('expected at least one target, got an empty list');
  for (const one of targets ?? []) checkReferenceOrInline(one, 'targetRef', 'AlertNotificationTarget', library);
}

function checkCondition(spec: SpecNode): void {
  const fields = spec.fields(['description', 'severity', 'condition'], 'a mapping of an AlertCondition');
  if (fields === null) return;
  readDescription(fields.get('description'));
  fields.require('severity', 'a text like page')?.string('a text like page');
  const condition = fields
    .require('condition', 'a mapping with kind, op, threshold and lookbackWindow')
    ?.fields(['kind', 'op', 'threshold', 'lookbackWindow', 'alertAfter'], 'a mapping of a condition');
  if (condition === null || condition === undefined) return;
  condition.require('kind', 'burnrate')?.oneOf(['burnrate']);
  const op = condition.require('op', 'gt or gte');
  const operator = op?.oneOf(operators) ?? null;
  if (operator === 'lt' || operator === 'lte') {
    op?.report(`"${operator}" would alert while the burn rate is low; write gt or gte`, 'WARNING');
  }
  condition.require('threshold', 'a burn rate like 14.4')?.number('a burn rate like 14.4');
  const lookback = condition.require('lookbackWindow', 'a duration like 1h');
  if (lookback !== null) readDuration(lookback);
  const after = condition.get('alertAfter');
  if (after !== null) readDuration(after, 0);
}

function checkTarget(spec: SpecNode): void {
  const fields = spec.fields(['description', 'target'], 'a mapping of an AlertNotificationTarget');
  readDescription(fields?.get('description') ?? null);
  fields?.require('target', 'a text like slack')?.string('a text like slack');
}

function listOf(fields: SpecFields, name: string, what: string): readonly SpecNode[] | null {
  return fields.require(name, what)?.items(what) ?? null;
}
