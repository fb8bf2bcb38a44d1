import type { Finding } from '../../domain/finding.js';
import type { CompiledSli, EventSource, ReadContext, SliCompiler } from '../../domain/ports.js';
import { type ObjectiveDefinition, type SliDefinition, type SloDefinition, sliOf } from '../../domain/slo.js';

/** Coverage of a minute asks for one slot: any sample of the last five minutes fills it. */
const NOW_MS = 60_000;

/** Something whose presence is asked for. */
interface Asked {
  readonly slo: SloDefinition;
  /** The whole of an SLI, or its good events alone. */
  readonly part: 'ALL' | 'GOOD';
  readonly sli: CompiledSli;
}

/**
 * Whether what each SLO counts has series now. One PromQL per shape and data source. SLOs of a source that fails are left
 * out: that it fails is found elsewhere.
 */
export async function examineSlos(
  slos: readonly SloDefinition[],
  compiler: SliCompiler,
  events: EventSource,
  atMs: number,
  context: ReadContext,
): Promise<readonly Finding[]> {
  const asked = slos.flatMap((slo) => slo.objectives.flatMap((objective) => askedOf(slo, objective, compiler)));
  const seen = await events.readCoverage(
    asked.map(({ sli }) => sli),
    NOW_MS,
    atMs,
    context,
  );
  const empty = new Map<string, Finding>();
  const full = new Set<string>();
  for (const [index, { slo, part, sli }] of asked.entries()) {
    const outcome = seen[index];
    if (outcome?.ok !== true) continue;
    const isSeen = outcome.value.ratio !== null && outcome.value.ratio > 0;
    if (isSeen) full.add(slo.name);
    // The parts of an SLI follow on its whole: without the whole there is nothing to say of them.
    else if (!empty.has(slo.name))
      empty.set(slo.name, part === 'ALL' ? emptyFinding(slo, sli) : noGoodFinding(slo, sli));
  }
  const count = [...full].filter((name) => !empty.has(name)).length;
  const findings = [...empty.values()];
  if (count === 0) return findings;
  const message = `${count} ${count === 1 ? 'SLO has' : 'SLOs have'} data now`;
  return [{ level: 'OK', topic: 'slo', cluster: null, message, advice: null, fields: [] }, ...findings];
}

function askedOf(slo: SloDefinition, objective: ObjectiveDefinition, compiler: SliCompiler): readonly Asked[] {
  const sli = sliOf(slo, objective);
  const all = { slo, part: 'ALL', sli: compiler.compile(sli, objective, slo.cluster) } as const;
  const good = goodOf(sli);
  if (good === null) return [all];
  return [all, { slo, part: 'GOOD', sli: compiler.compile(good, objective, slo.cluster) }];
}

/** The good events of an SLI as an SLI of their own; null for one that is not counted by queries of its own. */
function goodOf(sli: SliDefinition): SliDefinition | null {
  const { measure } = sli;
  if (measure.kind !== 'RATIO' || measure.good === undefined) return null;
  return { ...sli, measure: { kind: 'RATIO', good: measure.good, total: measure.good, counter: measure.counter } };
}

function emptyFinding({ name, cluster }: SloDefinition, { promql }: CompiledSli): Finding {
  const { total, raw, threshold } = promql;
  return {
    level: 'WARNING',
    topic: 'slo',
    cluster,
    message: `SLO ${name} selects no series now: ${total ?? raw ?? threshold ?? ''}`,
    advice: 'compare names and labels with what its Prometheus has; nothing is wrong when it is idle for now',
    fields: [],
  };
}

function noGoodFinding({ name, cluster }: SloDefinition, { promql }: CompiledSli): Finding {
  return {
    level: 'WARNING',
    topic: 'slo',
    cluster,
    message: `SLO ${name} has events, and no series of good ones: all count as bad: ${promql.good ?? ''}`,
    advice: 'compare labels with what its Prometheus has; an le has to be a bound of the histogram, in its unit',
    fields: [],
  };
}
