import { Arg, type ClassType, Field, Int, ObjectType } from 'type-graphql';
import { decodePageCursor, encodePageCursor } from './cursor.js';
import { DEFAULT_FIRST, MAX_FIRST, pageSize } from './page-size.js';
import { CursorScalar } from './scalars.js';

@ObjectType('PageInfo', { description: 'Where a page stands in its list.', simpleResolvers: true })
export class PageInfoType {
  @Field(() => Boolean, { description: 'Whether there is more after this page.' })
  readonly hasNextPage!: boolean;
  @Field(() => Boolean, { description: 'Whether there is more before this page.' })
  readonly hasPreviousPage!: boolean;
  @Field(() => CursorScalar, { nullable: true, description: 'Cursor of the first item; null on an empty page.' })
  readonly startCursor!: string | null;
  @Field(() => CursorScalar, {
    nullable: true,
    description: 'Cursor of the last item: what to pass as `after` for the next page; null on an empty page.',
  })
  readonly endCursor!: string | null;
}

/** A page as the connection types show it. */
export interface Page<T> {
  readonly edges: readonly { readonly cursor: string; readonly node: T }[];
  readonly nodes: readonly T[];
  readonly pageInfo: PageInfoType;
  readonly totalCount: number;
  readonly unreachable: readonly string[];
}

/** The connection type of an entity, with its edge type: `NodeConnection`, `NodeEdge`. */
export function connectionOf<T extends object>(name: string, item: () => ClassType<T>) {
  @ObjectType(`${name}Edge`, { description: `A ${name} in a list, with its place.`, simpleResolvers: true })
  class Edge {
    @Field(() => CursorScalar, { description: 'Its place: stays the same while others come and go.' })
    readonly cursor!: string;
    @Field(item, { description: 'The item.' })
    readonly node!: T;
  }

  @ObjectType(`${name}Connection`, { description: `A page of a list of ${name}.`, simpleResolvers: true })
  class Connection {
    @Field(() => [Edge], { description: 'The items of this page with their cursors.' })
    readonly edges!: readonly Edge[];
    @Field(() => [item()], { description: 'The items of this page.' })
    readonly nodes!: readonly T[];
    @Field(() => PageInfoType, { description: 'Where this page stands.' })
    readonly pageInfo!: PageInfoType;
    @Field(() => Int, { description: 'Items of the whole list, after filtering.' })
    readonly totalCount!: number;
    @Field(() => [String], {
      description: 'Clusters whose source did not answer, so that the list may be short. Empty when all answered.',
    })
    readonly unreachable!: readonly string[];
  }
  return Connection;
}

export interface PageArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** How a list is ordered. */
export interface Ordering<T> {
  /** Names the list and its order: a cursor of another one is refused. */
  readonly list: string;
  /** Unique in the list. */
  key(item: T): string;
  /** What to order by; items without a value come last in either direction. Absent: by key. */
  readonly rank?: (item: T) => number | string | null;
  readonly direction?: 'ASC' | 'DESC';
}

/** One page of a list. @throws InputError */
export function pageOf<T>(
  items: readonly T[],
  ordering: Ordering<T>,
  { first, after }: PageArgs,
  unreachable: readonly string[] = [],
): Page<T> {
  const size = pageSize(first);
  const { list, key, rank = key, direction = 'ASC' } = ordering;
  const name = `${list} ${direction}`;
  const compare = comparison(direction);
  const places = items.map((item) => ({ rank: rank(item), key: key(item), item })).sort(compare);
  const place = after === null || after === undefined ? null : decodePageCursor(after, name);
  const start = place === null ? 0 : firstAfter(places, (other) => compare(other, place) > 0);
  const slice = places.slice(start, start + size);
  const cursorOf = (of: Place) => encodePageCursor({ list: name, rank: of.rank, key: of.key });
  const [begin, end] = [slice[0], slice.at(-1)];
  const pageInfo = {
    hasNextPage: start + slice.length < places.length,
    hasPreviousPage: start > 0 && places.length > 0,
    startCursor: begin === undefined ? null : cursorOf(begin),
    endCursor: end === undefined ? null : cursorOf(end),
  };
  return new Slice(slice, cursorOf, pageInfo, items.length, unreachable);
}

/**
 * A class, since an accessor in an object literal makes a hidden class for every object, which keeps all that the
 * accessor sees in memory until the old generation is collected.
 */
class Slice<T> implements Page<T> {
  readonly nodes: readonly T[];

  constructor(
    private readonly places: readonly (Place & { readonly item: T })[],
    private readonly cursorOf: (of: Place) => string,
    readonly pageInfo: PageInfoType,
    readonly totalCount: number,
    readonly unreachable: readonly string[],
  ) {
    this.nodes = places.map(({ item }) => item);
  }

  /** A cursor per item is made for those who ask for one. */
  get edges(): Page<T>['edges'] {
    return this.places.map((of) => ({ cursor: this.cursorOf(of), node: of.item }));
  }
}

export function FirstArg(): ParameterDecorator {
  return Arg('first', () => Int, {
    nullable: true,
    description: `How many items at most: 1 to ${MAX_FIRST}, ${DEFAULT_FIRST} by default.`,
  }) as ParameterDecorator;
}

export function AfterArg(): ParameterDecorator {
  return Arg('after', () => CursorScalar, {
    nullable: true,
    description: 'Starts after the item with this cursor; must come from the same list in the same order.',
  }) as ParameterDecorator;
}

interface Place {
  readonly rank: number | string | null;
  readonly key: string;
}

function comparison(direction: 'ASC' | 'DESC'): (a: Place, b: Place) => number {
  const sign = direction === 'ASC' ? 1 : -1;
  return (a, b) => {
    if (a.rank === null || b.rank === null) {
      if (a.rank !== b.rank) return a.rank === null ? 1 : -1;
    } else if (a.rank !== b.rank) {
      return a.rank < b.rank ? -sign : sign;
    }
    if (a.key === b.key) return 0;
    return a.key < b.key ? -1 : 1;
  };
}

/** Index of the first for which `isAfter` holds, in a list where it holds from some item on. */
function firstAfter<T>(sorted: readonly T[], isAfter: (item: T) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAfter(sorted[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
