import { type EntityKey, entityKey } from '../domain/entity.js';
import type { Perspective } from '../domain/metric.js';
import type { Cells, Row } from './family.js';
import type { Labels } from './prometheus/answer.js';

/** Reporters in the order in which their views are taken: one per service or edge and instant, never a sum of two. */
export type Order = readonly Reporter[];
type Reporter = 'waypoint' | 'destination' | 'source';

/** What reached the server: the waypoint's view, which sees every request that passes it, else that of the server's own proxy. */
export const SERVERS: Order = ['waypoint', 'destination'];
/** The same, and where no server reports (it has no proxy) what callers saw. */
export const SERVERS_FIRST: Order = [...SERVERS, 'source'];
/** What callers got: they alone see what never reached a server. Callers outside the mesh report nothing. */
export const CLIENTS_FIRST: Order = ['source', ...SERVERS];

/** gRPC statuses that are the server's fault: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
const GRPC_FAULTS: ReadonlySet<string> = new Set(['2', '4', '8', '12', '13', '14', '15']);

export type KeyOf = (labels: Labels) => EntityKey | null;

/** Requests per second: all, those that count for ratios, and those of them that failed. */
export interface Tally {
  readonly total: (number | null)[];
  readonly valid: number[];
  readonly bad: number[];
}

/** A figure of every service or edge, each read from the view that it is seen in. */
export function foldTallies(
  rows: readonly Row[],
  keyOf: KeyOf,
  order: Order,
  read: (tally: Tally, at: number) => number | null,
): ReadonlyMap<EntityKey, Cells> {
  const length = rows[0]?.cells.length ?? 0;
  const figureOf = (views: ReadonlyMap<string, Tally>) =>
    Array.from({ length }, (_, at) => {
      const tally = chosenView(views, order, totalAt(at))?.view ?? null;
      return tally === null ? null : read(tally, at);
    });
  return new Map([...tallies(rows, keyOf)].map(([key, views]) => [key, figureOf(views)]));
}

/** The same for answers that have one row per view already. */
export function foldViews(rows: readonly Row[], keyOf: KeyOf, order: Order): ReadonlyMap<EntityKey, Cells> {
  const instants = rows[0]?.cells ?? [];
  const figureOf = (views: ReadonlyMap<string, Cells>) =>
    instants.map((_, at) => chosenView(views, order, (cells) => cells[at] ?? null)?.view[at] ?? null);
  return new Map([...viewsOf(rows, keyOf)].map(([key, views]) => [key, figureOf(views)]));
}

/** Whose view `foldTallies` takes at the last instant. */
export function perspectivesOfTallies(
  rows: readonly Row[],
  keyOf: KeyOf,
  order: Order,
): ReadonlyMap<EntityKey, Perspective> {
  return perspectives(tallies(rows, keyOf), order, totalAt((rows[0]?.cells.length ?? 0) - 1));
}

/** Whose view `foldViews` takes at the last instant. */
export function perspectivesOfViews(
  rows: readonly Row[],
  keyOf: KeyOf,
  order: Order,
): ReadonlyMap<EntityKey, Perspective> {
  return perspectives(viewsOf(rows, keyOf), order, (cells) => cells.at(-1) ?? null);
}

function perspectives<T>(
  byKey: ReadonlyMap<EntityKey, ReadonlyMap<string, T>>,
  order: Order,
  amountOf: (view: T) => number | null,
): ReadonlyMap<EntityKey, Perspective> {
  return new Map(
    [...byKey].flatMap(([key, views]) => {
      const chosen = chosenView(views, order, amountOf);
      return chosen === null ? [] : [[key, chosen.reporter === 'source' ? 'CLIENT' : 'SERVER'] as const];
    }),
  );
}

function viewsOf(rows: readonly Row[], keyOf: KeyOf): Map<EntityKey, Map<string, Cells>> {
  const byKey = new Map<EntityKey, Map<string, Cells>>();
  for (const { labels, cells } of rows) {
    const key = keyOf(labels);
    if (key === null) continue;
    const views = byKey.get(key) ?? new Map<string, Cells>();
    byKey.set(key, views.set(labels.reporter ?? '', cells));
  }
  return byKey;
}

/** Rates by service, protocol and code, in the view that its service is seen in. */
export function foldCodes(rows: readonly Row[], keyOf: KeyOf, order: Order): ReadonlyMap<EntityKey, Cells> {
  const services = tallies(rows, keyOf);
  const folded = new Map<EntityKey, (number | null)[]>();
  for (const { labels, cells } of rows) {
    const service = keyOf(labels);
    const views = service === null ? undefined : services.get(service);
    if (service === null || views === undefined) continue;
    const key = entityKey(service, labels.request_protocol ?? 'unknown', codeOf(labels));
    const sum = folded.get(key) ?? new Array<number | null>(cells.length).fill(null);
    folded.set(key, sum);
    const view = views.get(labels.reporter ?? '');
    cells.forEach((cell, at) => {
      if (cell === null || chosenView(views, order, totalAt(at))?.view !== view) return;
      sum[at] = (sum[at] ?? 0) + cell;
    });
  }
  return folded;
}

/** NaN where nothing happened that counts. */
export function errorRatio(tally: Tally, at: number): number | null {
  if (tally.total[at] === null) return null;
  return (tally.bad[at] ?? 0) / (tally.valid[at] ?? 0);
}

/** The first view in which something happened, else the first that was seen at all. */
function chosenView<T>(
  views: ReadonlyMap<string, T>,
  order: Order,
  amountOf: (view: T) => number | null,
): { readonly view: T; readonly reporter: Reporter } | null {
  let seen: { readonly view: T; readonly reporter: Reporter } | null = null;
  for (const reporter of order) {
    const view = views.get(reporter);
    if (view === undefined) continue;
    const value = amountOf(view);
    if (value !== null && value > 0) return { view, reporter };
    if (value !== null) seen ??= { view, reporter };
  }
  return seen;
}

function totalAt(at: number): (tally: Tally) => number | null {
  return ({ total }) => total[at] ?? null;
}

const tallied = new WeakMap<readonly Row[], { keyOf: KeyOf; counted: ReturnType<typeof countTallies> }>();

/** Counted once for a figure and its perspectives, which are read from the same rows. */
function tallies(rows: readonly Row[], keyOf: KeyOf): Map<EntityKey, Map<string, Tally>> {
  const known = tallied.get(rows);
  if (known?.keyOf === keyOf) return known.counted;
  const counted = countTallies(rows, keyOf);
  tallied.set(rows, { keyOf, counted });
  return counted;
}

function countTallies(rows: readonly Row[], keyOf: KeyOf): Map<EntityKey, Map<string, Tally>> {
  const byKey = new Map<EntityKey, Map<string, Tally>>();
  for (const { labels, cells } of rows) {
    const key = keyOf(labels);
    if (key === null) continue;
    const views = byKey.get(key) ?? new Map<string, Tally>();
    byKey.set(key, views);
    const reporter = labels.reporter ?? '';
    const tally = views.get(reporter) ?? emptyTally(cells.length);
    views.set(reporter, tally);
    addTo(tally, labels, cells);
  }
  return byKey;
}

function emptyTally(length: number): Tally {
  return {
    total: new Array<number | null>(length).fill(null),
    valid: new Array<number>(length).fill(0),
    bad: new Array<number>(length).fill(0),
  };
}

function addTo(tally: Tally, labels: Labels, cells: Cells): void {
  const valid = !isAbandoned(labels);
  const bad = valid && isFault(labels);
  cells.forEach((cell, at) => {
    if (cell === null) return;
    tally.total[at] = (tally.total[at] ?? 0) + cell;
    if (valid) tally.valid[at] = (tally.valid[at] ?? 0) + cell;
    if (bad) tally.bad[at] = (tally.bad[at] ?? 0) + cell;
  });
}

/** The caller hung up (flag DC): neither good nor bad. */
function isAbandoned(labels: Labels): boolean {
  return (labels.response_flags ?? '').split(',').includes('DC');
}

/** No answer at all (code 0), a 5xx, or a gRPC status that is the server's fault, which comes with code 200. */
function isFault(labels: Labels): boolean {
  const code = labels.response_code ?? '';
  return code === '0' || /^5\d\d$/.test(code) || GRPC_FAULTS.has(labels.grpc_response_status ?? '');
}

/** gRPC puts its status beside a code that is nearly always 200; without one the call failed before it. */
function codeOf(labels: Labels): string {
  const status = labels.grpc_response_status ?? '';
  return labels.request_protocol === 'grpc' && status !== '' ? status : (labels.response_code ?? 'unknown');
}
