import type { Unit } from '../domain/metric.js';
import type { NoDataPolicy, SliCategory, SystemKind } from '../domain/slo.js';
import type { SpecNode } from './spec-node.js';
import { suggestion } from './suggestion.js';

/** Annotations of ours by their name without the prefix, each with its place. */
export type Annotations = ReadonlyMap<string, { readonly text: string; readonly node: SpecNode }>;

const PREFIX = 'slograph.dev/';

/** Where OSKO's definitions name their data source. */
export const OSKO_DATA_SOURCE = 'osko.dev/datasourceRef';

/** Annotations that an indicator may carry itself; the SLO's own win. */
const ON_INDICATORS: readonly string[] = ['category', 'conditions', 'lower', 'perspective', 'unit', 'upper'];

const ON_SLOS: readonly string[] = [
  ...ON_INDICATORS,
  'application',
  'burn-rate-windows',
  'cluster',
  'microservice',
  'min-confidence',
  'min-events',
  'min-failures',
  'no-data',
  'system-kind',
];

const ANNOTATION_NAME =
  /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*\/)?[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/;

// Records, so that a new word of the domain must be added here.
const UNITS: Readonly<Record<Unit, true>> = {
  RATIO: true,
  SECONDS: true,
  CORES: true,
  BYTES: true,
  BYTES_PER_SECOND: true,
  REQUESTS_PER_SECOND: true,
  COUNT: true,
  PER_SECOND: true,
  TOKENS_PER_SECOND: true,
  CELSIUS: true,
  WATTS: true,
  HERTZ: true,
};
const CATEGORIES: Readonly<Record<SliCategory, true>> = {
  AVAILABILITY: true,
  LATENCY: true,
  THROUGHPUT: true,
  DURABILITY: true,
  END_TO_END_LATENCY: true,
  TIME_TO_FIRST_TOKEN: true,
  CUSTOM: true,
};
const SYSTEM_KINDS: Readonly<Record<SystemKind, true>> = {
  USER_FACING: true,
  STORAGE: true,
  BIG_DATA: true,
  AI: true,
  OTHER: true,
};

const NO_DATA: Readonly<Record<NoDataPolicy, true>> = { IGNORE: true, GOOD: true, BAD: true, FREEZE: true };

/** Reads `metadata.annotations`; ours are checked against the kind, those of others are let pass. */
export function readAnnotations(node: SpecNode | null, kind: string): Annotations {
  const ours = new Map<string, { text: string; node: SpecNode }>();
  for (const [name, { key, value }] of node?.anyFields('a mapping of annotations')?.all() ?? []) {
    if (name.length > 317 || !ANNOTATION_NAME.test(name)) {
      key.report(`"${name.slice(0, 80)}" is no name of an annotation; write it like ${PREFIX}min-events`);
    }
    const text = value.text();
    if (text === null) continue;
    if (name === OSKO_DATA_SOURCE) ours.set(name, { text, node: value });
    if (!name.startsWith(PREFIX)) continue;
    const own = name.slice(PREFIX.length);
    if (isKnown(own, kind, key)) ours.set(own, { text, node: value });
  }
  return ours;
}

export function unitIn(annotations: Annotations): Unit | null {
  return wordIn(annotations, 'unit', UNITS);
}

export function categoryIn(annotations: Annotations): SliCategory | null {
  return wordIn(annotations, 'category', CATEGORIES);
}

export function systemKindIn(annotations: Annotations): SystemKind | null {
  return wordIn(annotations, 'system-kind', SYSTEM_KINDS);
}

/** A number, or null when there is none. */
export function numberIn(
  annotations: Annotations,
  name: 'lower' | 'upper' | 'min-events' | 'min-failures',
): number | null {
  const annotation = annotations.get(name);
  if (annotation === undefined) return null;
  const text = annotation.text.trim();
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) return annotation.node.expected('a number like "0.25"');
  if (name.startsWith('min-') && !(Number.isSafeInteger(value) && value >= 0)) {
    return annotation.node.expected('a whole number of events, 0 or more');
  }
  return value;
}

/** `crosswalk/detector`, or null when there is none. */
export function microserviceIn(annotations: Annotations): { readonly namespace: string; readonly name: string } | null {
  const annotation = annotations.get('microservice');
  if (annotation === undefined) return null;
  const match = /^([^\s/]+)\/([^\s/]+)$/.exec(annotation.text.trim());
  if (match === null) return annotation.node.expected('a namespace and a name, like "crosswalk/detector"');
  return { namespace: match[1] as string, name: match[2] as string };
}

/** Confidence above 0 and below 1, or null when there is none. */
export function confidenceIn(annotations: Annotations): number | null {
  const annotation = annotations.get('min-confidence');
  if (annotation === undefined) return null;
  const text = annotation.text.trim();
  const value = /^(0?\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value < 1) return value;
  const share = /^\d+(\.\d+)?\s*%?$/.test(text) ? Number.parseFloat(text) / 100 : 0;
  return annotation.node.expected(
    'a confidence above 0 and below 1, like "0.95"',
    share > 0.01 && share < 1 ? `did you mean "${share}"?` : '',
  );
}

/** What time without data is; ignored where nothing is said. */
export function noDataIn(annotations: Annotations): NoDataPolicy {
  return wordIn(annotations, 'no-data', NO_DATA) ?? 'IGNORE';
}

function isKnown(name: string, kind: string, key: SpecNode): boolean {
  const known = kind === 'SLO' ? ON_SLOS : kind === 'SLI' ? ON_INDICATORS : [];
  if (known.includes(name)) return true;
  const advice = ON_SLOS.includes(name)
    ? `it belongs on the SLO, not on a ${kind}`
    : suggestion(name, known.length > 0 ? known : ON_SLOS, 'known are');
  key.report(`unknown annotation "${PREFIX}${name}"; ${advice}`);
  return false;
}

/** `requests-per-second` and `REQUESTS_PER_SECOND` are the same word. */
function wordIn<T extends string>(annotations: Annotations, name: string, words: Readonly<Record<T, true>>): T | null {
  const annotation = annotations.get(name);
  if (annotation === undefined) return null;
  const known = Object.keys(words) as T[];
  const given = annotation.text.trim().toUpperCase().replaceAll('-', '_');
  const found = known.find((word) => word === given);
  if (found !== undefined) return found;
  return annotation.node.report(
    `"${annotation.text}" is not known as ${name}; ${suggestion(given, known, 'known are')}`,
  );
}
