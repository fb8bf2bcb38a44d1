import type { Problem } from '../domain/errors.js';
import { nearest } from '../domain/nearest.js';
import type { TemplateCall } from '../domain/slo.js';
import { templateEntries } from './sli-template-catalogue.js';
import type { SliTemplate } from './sli-template-entry.js';
import { Given, type TemplateQueries, WrongParameter } from './sli-template-given.js';

/** Every template, for readers and for whoever checks definitions. */
export const sliTemplates: readonly SliTemplate[] = templateEntries;

/** A template with its parameters filled in, or every problem with the call. */
export function expandTemplate(
  call: TemplateCall,
): { readonly template: SliTemplate; readonly queries: TemplateQueries } | { readonly problems: readonly Problem[] } {
  const { template: name, parameters, path, line, column } = call;
  const problem = (field: string, message: string): Problem => ({
    path: field === '' ? path : `${path}.${field}`,
    line,
    column,
    message,
    severity: 'ERROR',
  });
  const entry = templateEntries.find((candidate) => candidate.name === name);
  if (entry === undefined) {
    const near = nearest(
      name,
      templateEntries.map((candidate) => candidate.name),
    );
    const hint =
      near === null
        ? `; templates are ${templateEntries.map((each) => each.name).join(', ')}`
        : `; did you mean ${near}?`;
    return { problems: [problem('template', `there is no template "${name}"${hint}`)] };
  }
  const problems = parameterFaults(entry, parameters).map(([field, message]) => problem(field, message));
  if (problems.length > 0) return { problems };
  try {
    return { template: entry, queries: entry.expand(new Given(parameters)) };
  } catch (error) {
    if (error instanceof WrongParameter) return { problems: [problem(error.parameter, error.message)] };
    throw error;
  }
}

function parameterFaults(
  { name, parameters }: SliTemplate,
  given: Readonly<Record<string, string>>,
): readonly (readonly [string, string])[] {
  const known = Object.keys(parameters);
  const faults: [string, string][] = [];
  for (const [key, value] of Object.entries(given)) {
    if (!known.includes(key)) {
      const near = nearest(key, known);
      const hint = near === null ? `it takes ${known.join(', ')}` : `did you mean ${near}?`;
      faults.push([key, `${name} has no parameter "${key}"; ${hint}`]);
    } else if (value.trim() === '') faults.push([key, `${key} must not be empty`]);
    else if (/\p{Surrogate}/u.test(value)) faults.push([key, `${key} is not well-formed text`]);
  }
  for (const [key, { required: needed, description }] of Object.entries(parameters)) {
    if (needed && !Object.hasOwn(given, key)) faults.push([key, `${name} needs ${key}: ${description}`]);
  }
  return faults;
}
