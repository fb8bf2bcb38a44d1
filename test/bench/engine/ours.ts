import { everything } from '../../../src/domain/access.js';
import type { CompiledSli, EventSource, PlanEntry, SliceSpan } from '../../../src/domain/ports.js';
import type { ObjectiveDefinition, SliDefinition } from '../../../src/domain/slo.js';
import { createPlanner } from '../../../src/sources/prometheus/planner.js';
import { createSliCompiler } from '../../../src/sources/sli-compiler.js';
import { createEventSource } from '../../../src/sources/sli-events.js';
import { requestsOf } from '../../support/event-world.js';
import { anObjective, anSli } from '../../unit/domain/slo-examples.js';

export type Slices = Awaited<ReturnType<EventSource['readSlices']>>;

/** The sources of the gateway before a Prometheus, with what they ask. */
export interface Ours {
  compile(namespace: string, service: string, target?: string): CompiledSli;
  /** What was read before vouches for what is read next, as in the engine. */
  read(slis: readonly CompiledSli[], span: SliceSpan): Promise<Slices>;
  /** PromQL sent since the last call. */
  asked(): readonly PlanEntry[];
  close(): Promise<void>;
}

export function createOurs(url: string): Ours {
  const prometheus = { url, timeoutMs: 60_000, maxConcurrent: 10, headersFile: null };
  const planner = createPlanner({ clusters: [{ name: 'edge', match: {}, prometheus }] });
  const compiler = createSliCompiler(planner);
  const events = createEventSource(planner);
  const largest = new Map<string, number>();
  let plan: PlanEntry[] = [];

  function trust(read: Slices, sliceMs: number): void {
    for (const [key, outcome] of read) {
      if (!outcome.ok) throw outcome.error;
      const { counts, estimated } = outcome.value;
      let most = largest.get(key) ?? Number.NaN;
      for (const [slice, count] of counts.entries()) {
        const perMinute = (count * 60_000) / sliceMs;
        if (estimated[slice] === 0 && !(perMinute <= most) && !Number.isNaN(count)) most = perMinute;
      }
      if (!Number.isNaN(most)) largest.set(key, most);
    }
  }

  return {
    compile(namespace, service, target = '0.999') {
      const text = (tests: string) => ({
        text: `sum(rate(${requestsOf(namespace, service, tests)}[5m]))`,
        path: 'bench',
        line: 1,
        column: 1,
      });
      const sli: SliDefinition = anSli({
        measure: { kind: 'RATIO', bad: text(',response_code=~"5.."'), total: text(''), counter: true },
      });
      const objective: ObjectiveDefinition = anObjective({ target });
      return compiler.compile(sli, objective, 'edge');
    },
    async read(slis, span) {
      const context = { scope: everything, onPlan: (entry: PlanEntry) => void plan.push(entry) };
      const read = await events.readSlices(slis, span, { largest }, context);
      trust(read, span.sliceMs);
      return read;
    },
    asked() {
      const asked = plan;
      plan = [];
      return asked;
    },
    close: () => planner.close(),
  };
}
