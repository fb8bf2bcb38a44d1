import type { Problem } from '../domain/errors.js';
import type { SliCompiler } from '../domain/ports.js';
import type { ObjectiveDefinition, QueryText, SliDefinition, SliMeasure } from '../domain/slo.js';
import type { SpecNode } from './spec-node.js';

/**
 * Lets the compiler check an SLI and says where in the file each problem stands.
 * @param parts the nodes of the SLI's queries and parameters by their path
 * @param owner where a problem goes that belongs to none of them
 */
export function checkSli(
  check: SliCompiler['check'],
  sli: SliDefinition,
  objectives: readonly ObjectiveDefinition[],
  parts: ReadonlyMap<string, SpecNode>,
  owner: SpecNode,
): readonly Problem[] {
  // On one line that begins at 1:1, a problem's column is its offset, however the text is broken in the file.
  const { when } = sli.counting;
  const counting = { ...sli.counting, when: when === null ? null : onOneLine(when) };
  const flat = check({ ...sli, measure: mapQueries(sli.measure, onOneLine), counting }, objectives);
  const problems =
    flat.length > 0 ? flat : check(sli, objectives).map((problem) => ({ ...problem, line: 1, column: 1 }));
  return problems.map((problem) => {
    // A condition is one line of a text, whose place is known.
    if (when !== null && problem.path === when.path) {
      const { file, line, column } = { ...owner.place(), line: when.line, column: when.column };
      const place = { ...(file === undefined ? {} : { file }), line, column: column + (problem.column ?? 1) - 1 };
      return { ...problem, ...place };
    }
    const part = parts.get(problem.path);
    const offset = sli.measure.kind === 'TEMPLATE' ? undefined : (problem.column ?? 1) - 1;
    const place = part === undefined ? owner.place() : part.place(offset);
    return { ...place, path: problem.path, message: problem.message, severity: problem.severity };
  });
}

/** The same characters at the same offsets, with blanks for line ends and comments. */
function onOneLine(query: QueryText): QueryText {
  const text = query.text.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`|#[^\n]*/g, (part) =>
    part.startsWith('#') ? ' '.repeat(part.length) : part,
  );
  return { ...query, text: text.replaceAll(/[\r\n]/g, ' '), line: 1, column: 1 };
}

function mapQueries(measure: SliMeasure, change: (query: QueryText) => QueryText): SliMeasure {
  switch (measure.kind) {
    case 'RATIO':
      return {
        ...measure,
        ...(measure.good === undefined ? {} : { good: change(measure.good) }),
        ...(measure.bad === undefined ? {} : { bad: change(measure.bad) }),
        total: change(measure.total),
      };
    case 'RAW':
      return { ...measure, raw: change(measure.raw) };
    case 'THRESHOLD':
      return { ...measure, metric: change(measure.metric) };
    case 'TEMPLATE':
      return measure;
  }
}
