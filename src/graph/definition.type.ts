import { Field, Int, ObjectType } from 'type-graphql';
import type { Problem } from '../domain/errors.js';
import type { DefinitionSource } from '../domain/slo.js';
import { enumOf } from './enum-of.js';

export const ProblemSeverityEnum = enumOf<Problem['severity']>('ProblemSeverity', 'How bad a problem is.', {
  ERROR: 'The definition is not loaded.',
  WARNING: 'The definition is loaded; something in it deserves a look.',
});

export const DefinitionFormatEnum = enumOf<DefinitionSource['format']>(
  'DefinitionFormat',
  'How a definition is written.',
  {
    OPENSLO_V1: 'OpenSLO, version openslo/v1.',
  },
);

@ObjectType('DefinitionProblem', {
  description: 'Something wrong in a definition: where, what was expected, what came, what to do.',
  simpleResolvers: true,
})
export class DefinitionProblemType {
  @Field(() => String, { nullable: true, description: 'The file; null when there is none.' })
  readonly file: string | null;
  @Field(() => Int, { nullable: true, description: 'Line in the file, from 1; null when it is about the whole.' })
  readonly line: number | null;
  @Field(() => Int, { nullable: true, description: 'Column in the line, from 1; null when it is about the whole.' })
  readonly column: number | null;
  @Field(() => String, { description: 'Path of the field: `spec.objectives[0].target`; empty for the whole document.' })
  readonly path: string;
  @Field(() => String, { description: 'What is wrong, and what to do.' })
  readonly message: string;
  @Field(() => ProblemSeverityEnum, { description: 'How bad it is.' })
  readonly severity: Problem['severity'];

  constructor(problem: Problem) {
    this.file = problem.file ?? null;
    this.line = problem.line ?? null;
    this.column = problem.column ?? null;
    this.path = problem.path;
    this.message = problem.message;
    this.severity = problem.severity;
  }
}

@ObjectType('DefinitionSource', { description: 'Where a definition came from.', simpleResolvers: true })
export class DefinitionSourceType {
  @Field(() => String, { nullable: true, description: 'The file; null when it came another way.' })
  readonly file: string | null;
  @Field(() => Int, { nullable: true, description: 'Line where it begins, from 1; null without a file.' })
  readonly line: number | null;
  @Field(() => DefinitionFormatEnum, { description: 'How it is written.' })
  readonly format: DefinitionSource['format'];
  @Field(() => String, {
    description: 'Changes when its meaning does; whitespace, comments and descriptions do not count.',
  })
  readonly revision: string;
  @Field(() => String, { description: 'The text.' })
  readonly text: string;
  @Field(() => [DefinitionProblemType], { description: 'What deserves a look.' })
  readonly warnings: readonly DefinitionProblemType[];

  constructor(source: DefinitionSource) {
    this.file = source.file;
    this.line = source.line;
    this.format = source.format;
    this.revision = source.revision;
    this.text = source.text;
    this.warnings = source.warnings.map((problem) => new DefinitionProblemType(problem));
  }
}
