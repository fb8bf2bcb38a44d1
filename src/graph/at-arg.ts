import { Arg } from 'type-graphql';
import { DateTimeScalar } from './scalars.js';

/** The instant of a root field. */
export function AtArg(): ParameterDecorator {
  return Arg('at', () => DateTimeScalar, {
    nullable: true,
    description:
      'The instant that everything below is looked at, taken down to the grid. By default now: fields without `at` share one instant. BAD_INPUT before 1970 and in the future.',
  }) as ParameterDecorator;
}
