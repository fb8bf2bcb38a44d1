import { RE2JS } from 're2js';
import { Field, InputType } from 'type-graphql';
import { InputError } from '../domain/errors.js';

const MAX_REGEX_LENGTH = 1_000;

@InputType('StringFilter', {
  description: 'Holds text against every condition that is given. Where there is no text, it counts as empty.',
})
export class StringFilter {
  @Field(() => String, { nullable: true, description: 'Is exactly this.' })
  readonly eq?: string | null;
  @Field(() => [String], { nullable: true, description: 'Is one of these.' })
  readonly in?: readonly string[] | null;
  @Field(() => String, {
    nullable: true,
    description: `Matches this as a whole: RE2, anchored, as in PromQL. At most ${MAX_REGEX_LENGTH} characters.`,
  })
  readonly regex?: string | null;
  @Field(() => StringFilter, { nullable: true, description: 'Does not match this.' })
  readonly not?: StringFilter | null;
}

@InputType('LabelFilter', { description: 'Holds the values of one label against a filter.' })
export class LabelFilter {
  @Field(() => String, { description: 'Name of the label.' })
  readonly name!: string;
  @Field(() => StringFilter, { description: 'What one of its values must match.' })
  readonly value!: StringFilter;
}

/** Whether text matches: any of the values, where something has several. */
export type TextMatcher = (...values: readonly string[]) => boolean;

/** A filter made ready once for many texts; an absent one lets everything pass. @throws InputError for a bad regex */
export function textMatcher(filter: StringFilter | null | undefined): TextMatcher {
  if (filter === null || filter === undefined) return () => true;
  const conditions: TextMatcher[] = [];
  const { eq, in: list, regex, not } = filter;
  if (isGiven(eq)) conditions.push((...values) => values.includes(eq));
  if (isGiven(list)) conditions.push((...values) => values.some((value) => list.includes(value)));
  if (isGiven(regex)) conditions.push(regexMatcher(regex));
  if (isGiven(not)) {
    const matches = textMatcher(not);
    conditions.push((...values) => !matches(...values));
  }
  return (...values) => {
    const texts = values.length === 0 ? [''] : values;
    return conditions.every((matches) => matches(...texts));
  };
}

/** Whether a value is among those wanted; absent lets everything pass, unknown passes no list. */
export function oneOf<T>(wanted: readonly T[] | null | undefined, value: T | null): boolean {
  return !isGiven(wanted) || (value !== null && wanted.includes(value));
}

function regexMatcher(regex: string): TextMatcher {
  if (regex.length > MAX_REGEX_LENGTH) {
    throw new InputError(`regex may have ${MAX_REGEX_LENGTH} characters, got ${regex.length}`);
  }
  try {
    const compiled = RE2JS.compile(regex, RE2JS.DOTALL);
    return (...values) => values.some((value) => compiled.matches(value));
  } catch (error) {
    throw new InputError(`regex ${JSON.stringify(regex)} is not RE2: ${(error as Error).message}`);
  }
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
