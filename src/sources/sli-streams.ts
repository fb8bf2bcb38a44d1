import type { CompiledSli, EventStream } from '../domain/ports.js';
import type { SliHandle, Term } from './sli-terms.js';

/** What is counted for an SLI: a stream per term. Enforced matchers are among the tests of its selectors. */
export function streamsOf(dataSource: string, { good, bad, total, condition }: SliHandle): CompiledSli['streams'] {
  const streams = (terms: readonly Term[]) => terms.map((term) => streamOf(dataSource, term));
  return {
    good: good === null ? null : streams(good),
    bad: bad === null ? null : streams(bad),
    total: streams(total),
    condition: condition === null ? null : streamOf(dataSource, condition),
  };
}

export function streamOf(dataSource: string, term: Term): EventStream {
  const group = groupKey(dataSource, term);
  return { key: JSON.stringify([group, columnKey(term)]), dataSource, group };
}

/** Equal for terms that one PromQL reads. */
export function groupKey(dataSource: string, term: Term): string {
  return JSON.stringify([dataSource, term.kind, term.kind === 'OWN' ? term.key : term.shape.key]);
}

/** The term among those of its group. */
export function columnKey(term: Term): string {
  return term.kind === 'OWN' ? '' : term.column;
}
