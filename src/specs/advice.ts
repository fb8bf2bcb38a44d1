import type { Problem } from '../domain/errors.js';
import { type SliCategory, type SloDefinition, type SystemKind, sliOf } from '../domain/slo.js';

/** What users of a system of a kind notice first. */
const NEEDED: Readonly<Partial<Record<SystemKind, readonly SliCategory[]>>> = {
  USER_FACING: ['AVAILABILITY', 'LATENCY', 'THROUGHPUT'],
  STORAGE: ['LATENCY', 'AVAILABILITY', 'DURABILITY'],
  BIG_DATA: ['THROUGHPUT', 'END_TO_END_LATENCY'],
};
const MANY = 5;

/** Help with the choice of SLOs, as warnings: each can be right as it is. */
export function adviceOn(slos: readonly SloDefinition[]): readonly Problem[] {
  const services = [...grouped(slos, ({ service }) => service)];
  return [...slos.flatMap(adviceOnOne), ...services.flatMap(([service, own]) => adviceOnService(service, own))];
}

function adviceOnOne(slo: SloDefinition): readonly Problem[] {
  const path = 'metadata.annotations';
  const kind =
    slo.systemKind === 'OTHER' && !slo.source.text.includes('slograph.dev/system-kind')
      ? [warning(slo, path, `SLO ${slo.name} does not say what it is about; add slograph.dev/system-kind`)]
      : [];
  const conditions = slo.objectives.every((objective) => sliOf(slo, objective).conditions.length === 0)
    ? [warning(slo, path, `SLO ${slo.name} does not say when it counts; add slograph.dev/conditions`)]
    : [];
  return [...kind, ...conditions];
}

function adviceOnService(service: string, slos: readonly SloDefinition[]): readonly Problem[] {
  const first = slos[0] as SloDefinition;
  const many =
    slos.length > MANY
      ? [
          warning(
            first,
            'spec.service',
            `service ${service} has ${slos.length} SLOs; more than about ${MANY} are hard to keep in view`,
          ),
        ]
      : [];
  const lacking = [...grouped(slos, ({ systemKind }) => systemKind)].flatMap(([kind, own]) => {
    const missing = (NEEDED[kind] ?? []).filter((category) => !own.some((slo) => hasCategory(slo, category)));
    if (missing.length === 0) return [];
    const message = `service ${service} is ${kind}, and has no SLO on ${missing.join(', ')}`;
    return [warning(own[0] as SloDefinition, 'spec.service', message)];
  });
  return [...many, ...lacking];
}

function hasCategory(slo: SloDefinition, category: SliCategory): boolean {
  return slo.objectives.some((objective) => sliOf(slo, objective).category === category);
}

function warning({ source: { file, line } }: SloDefinition, path: string, message: string): Problem {
  return {
    ...(file === null ? {} : { file }),
    ...(line === null ? {} : { line, column: 1 }),
    path,
    message,
    severity: 'WARNING',
  };
}

function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
