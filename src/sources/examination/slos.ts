import type { Finding } from '../../domain/finding.js';
import type { CompiledSli, EventSource, ReadContext, SliCompiler } from '../../domain/ports.js';
import { type SloDefinition, sliOf } from '../../domain/slo.js';

/** Coverage of a minute asks for one slot: any sample of the last five minutes fills it. */
const NOW_MS = 60_000;

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
  const compiled = slos.flatMap((slo) =>
    slo.objectives.map((objective) => ({ slo, sli: compiler.compile(sliOf(slo, objective), objective, slo.cluster) })),
  );
  const seen = await events.readCoverage(
    compiled.map(({ sli }) => sli),
    NOW_MS,
    atMs,
    context,
  );
  const empty = new Map<string, Finding>();
  const full = new Set<string>();
  for (const [index, { slo, sli }] of compiled.entries()) {
    const outcome = seen[index];
    if (outcome?.ok !== true) continue;
    if (outcome.value.ratio !== null && outcome.value.ratio > 0) full.add(slo.name);
    else empty.set(slo.name, emptyFinding(slo, sli));
  }
  const count = [...full].filter((name) => !empty.has(name)).length;
  const findings = [...empty.values()];
  if (count === 0) return findings;
  const message = `${count} ${count === 1 ? 'SLO has' : 'SLOs have'} data now`;
  return [{ level: 'OK', topic: 'slo', cluster: null, message, advice: null, fields: [] }, ...findings];
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
