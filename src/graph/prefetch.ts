import { type GraphQLResolveInfo, responsePathAsArray } from 'graphql';
import type { Column, Figure, FigureQuestion, Outcome } from '../domain/ports.js';
import type { Placed } from './asking.js';
import type { GraphContext } from './context.js';
import { type FactsByKey, type KeyedFacet, told } from './facts.js';
import { questionKey } from './figure-loader.js';
import { MetricType } from './metric.type.js';
import type { FactWish, FigureWish, Wishes } from './wishes.js';

/** A page with items, and what is wanted of them. */
export interface PageAhead extends Wishes {
  readonly items: readonly Placed[];
  readonly context: GraphContext;
  /** Of the list. */
  readonly path: GraphQLResolveInfo['path'];
}

type FactsAnswer = Outcome<FactsByKey<KeyedFacet> | null>;

/** Asks for the parts of the inventory that are wanted, by part and cluster. */
export function factsAsked({ items, facts, context }: PageAhead): ReadonlyMap<string, Promise<FactsAnswer>> {
  const asked = new Map<string, Promise<FactsAnswer>>();
  const atMs = instantOf(items);
  for (const cluster of facts.length === 0 ? [] : clustersOf(items)) {
    for (const { fact } of facts) {
      const key = factsKey(fact.facet, cluster);
      if (!asked.has(key)) asked.set(key, context.loaders.facet(fact.facet, cluster, atMs));
    }
  }
  return asked;
}

interface FigureAsked {
  readonly question: FigureQuestion;
  readonly column: Promise<Column<Figure>>;
}

/** Asks for the figures that are wanted, each question once. */
export function figuresAsked({ items, figures, context }: PageAhead): ReadonlyMap<string, FigureAsked> {
  const asked = new Map<string, FigureAsked>();
  const refs = items.map(({ ref }) => ref);
  for (const { question } of figures) {
    if (question instanceof Error || asked.has(questionKey(question))) continue;
    const column = context.loaders.figures(question, refs, instantOf(items));
    asked.set(questionKey(question), { question, column });
  }
  return asked;
}

/** Sets what is wanted as properties of the items; where something could not be read, the error that says why. */
export async function setProperties(page: PageAhead): Promise<void> {
  const facts = factsAsked(page);
  const asked = figuresAsked(page);
  const [known, columns] = await Promise.all([
    settled(facts),
    settled(new Map([...asked].map(([key, { column }]) => [key, column]))),
  ]);
  for (const wish of page.facts) setFacts(page, wish, known);
  for (const wish of page.figures) setFigures(page, wish, columns);
}

type Settled<T> = ReadonlyMap<string, T | Error>;

async function settled<T>(asked: ReadonlyMap<string, Promise<T>>): Promise<Settled<T>> {
  const answers = [...asked].map(async ([key, answer]): Promise<[string, T | Error]> => {
    try {
      return [key, await answer];
    } catch (error) {
      return [key, error instanceof Error ? error : new Error(String(error))];
    }
  });
  return new Map(await Promise.all(answers));
}

function setFacts(page: PageAhead, wish: FactWish, known: Settled<FactsAnswer>): void {
  const { fact } = wish;
  // Items are many, and a key of their own for each is a text to make and to hash.
  const byCluster = new Map<string, FactsAnswer | Error>();
  for (const cluster of clustersOf(page.items)) {
    byCluster.set(cluster, known.get(factsKey(fact.facet, cluster)) as FactsAnswer | Error);
  }
  setEach(page, wish, ({ ref }, place) => {
    const answer = byCluster.get(ref.cluster) as FactsAnswer | Error;
    if (answer instanceof Error) return answer;
    if (!answer.ok) page.context.report(answer.error, pathOf(page, wish, place));
    return answer.ok && answer.value !== null ? told(fact, answer.value, ref.key) : null;
  });
}

function setFigures(page: PageAhead, wish: FigureWish, columns: Settled<Column<Figure>>): void {
  const { question } = wish;
  const column = question instanceof Error ? question : columns.get(questionKey(question));
  setEach(page, wish, ({ ref }, place) => {
    if (question instanceof Error || column instanceof Error || column === undefined) return column;
    const figure = column.of(ref);
    if (figure.error !== undefined) page.context.report(figure.error, pathOf(page, wish, place));
    return new MetricType(question, ref, figure);
  });
}

function setEach(
  { items }: PageAhead,
  { field }: FactWish | FigureWish,
  read: (item: Placed, place: number) => unknown,
): void {
  for (let place = 0; place < items.length; place += 1) {
    const item = items[place] as Placed;
    (item as unknown as Record<string, unknown>)[field] = read(item, place);
  }
}

function pathOf({ path: list }: PageAhead, { path }: FactWish | FigureWish, place: number): (string | number)[] {
  const [first = '', ...rest] = path;
  return [...responsePathAsArray(list), first, place, ...rest];
}

function clustersOf(items: readonly Placed[]): ReadonlySet<string> {
  const clusters = new Set<string>();
  for (const { ref } of items) clusters.add(ref.cluster);
  return clusters;
}

function instantOf(items: readonly Placed[]): number {
  return (items[0] as Placed).instant.atMs;
}

function factsKey(facet: KeyedFacet, cluster: string): string {
  return `${facet} ${cluster}`;
}
