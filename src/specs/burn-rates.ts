import {
  burnRateRules,
  defaultWindowPairs,
  parseBurnRateWindows,
  ruleOfThreshold,
  usableRules,
} from '../domain/alert-windows.js';
import type { BurnRateRule, ObjectiveDefinition } from '../domain/slo.js';
import { readAlertPolicyOf } from './alert-policy.js';
import type { Annotations } from './annotations.js';
import type { Library } from './library.js';
import type { SpecFields, SpecNode } from './spec-node.js';

/** What of an SLO its burn-rate rules are fitted to; null where it has errors. */
interface SloFacts {
  readonly annotations: Annotations;
  readonly windowMs: number | null;
  readonly objectives: readonly ObjectiveDefinition[] | null;
  readonly objectivesNode: SpecNode | null;
}

interface Fitted {
  readonly rules: readonly BurnRateRule[];
  readonly warnings: readonly string[];
}

/** The burn rates that an SLO is watched for: by its annotation, else by its alert policies, else the defaults. */
export function readBurnRateRules(fields: SpecFields, slo: SloFacts, library: Library): readonly BurnRateRule[] {
  const { annotations, windowMs, objectives, objectivesNode } = slo;
  const policies = fields.get('alertPolicies')?.items('a list of alert policies') ?? [];
  const conditions = policies.flatMap((node) =>
    readAlertPolicyOf(node, library).map((condition) => ({ node, condition })),
  );
  const annotation = annotations.get('burn-rate-windows');
  const pairs = annotation === undefined ? defaultWindowPairs : pairsIn(annotation);
  if (annotation !== undefined && policies.length > 0) {
    fields
      .key('alertPolicies')
      .report('alert policies are not evaluated beside slograph.dev/burn-rate-windows; remove one of them', 'WARNING');
  }
  if (conditions.length > 0) {
    const message = 'notification targets are not notified: receivers are configured in Alertmanager';
    fields.key('alertPolicies').report(message, 'WARNING');
  }
  if (pairs === null || windowMs === null || objectives === null) return [];
  if (annotation !== undefined || policies.length === 0) {
    const node = annotation?.node ?? objectivesNode;
    return forAll(objectives, node, (target, sliceMs) => burnRateRules({ windowMs, target, sliceMs, pairs }));
  }
  return conditions.flatMap(({ node, condition }) =>
    forAll(objectives, node, (target, sliceMs) =>
      usableRules({ windowMs, target, sliceMs, rules: [ruleOfThreshold(condition, windowMs)] }),
    ),
  );
}

/** Rules that can work for one of the objectives at least. */
function forAll(
  objectives: readonly ObjectiveDefinition[],
  node: SpecNode | null,
  rulesFor: (target: string, sliceMs: number | null) => Fitted,
): readonly BurnRateRule[] {
  const kept = new Map<string, BurnRateRule>();
  for (const { name, target, timeSliceWindowMs } of objectives) {
    const { rules, warnings } = rulesFor(target, timeSliceWindowMs);
    for (const rule of rules) kept.set(`${rule.longWindowMs}/${rule.shortWindowMs}/${rule.severity}`, rule);
    for (const warning of warnings) node?.report(objectives.length > 1 ? `${name}: ${warning}` : warning, 'WARNING');
  }
  return [...kept.values()].sort((a, b) => a.longWindowMs - b.longWindowMs || a.shortWindowMs - b.shortWindowMs);
}

function pairsIn(annotation: {
  readonly text: string;
  readonly node: SpecNode;
}): ReturnType<typeof parseBurnRateWindows> | null {
  try {
    return parseBurnRateWindows(annotation.text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return annotation.node.report(error.message);
  }
}
