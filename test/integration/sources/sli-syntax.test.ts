import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parsePromql } from '../../../src/sources/syntax/parse.js';
import { startPrometheus, T0 } from '../../support/prometheus.js';

const QUERIES = [
  'sum(rate(http_requests_total{code=~"5.."}[5m]))',
  'sum by (job, b) (x) / on (job) group_left (a) sum by (job) (y)',
  '{__name__=~"a|b",job="x"}',
  "x{a='it'} # c",
  'avg_over_time(sum(x)[30m:1m])',
  'quantile_over_time(0.9, x[5m])',
  'topk(3, x)',
  '1 > bool 0',
  'label_replace(x, "a", "$1", "b", "(.*)")',
  'x offset -5m @ 100',
  'vector(time())',
  'sum(x) by (a) or vector(0)',
  'x and on (a) y unless z',
  'histogram_quantile(0.9, sum by (le) (rate(x_bucket[1h30m])))',
  'count_values("v", x)',
  'clamp(x, 0, 1)',
  'increase(x[1h:1m] offset 1d)',
  'predict_linear(x[1h], 3600)',
  'scalar(x) + 1',
  'x + y offset 5m * -z @ 5',
  'x{a="\\x41\\u00e9"}',
];
const TOKENS =
  'sum rate x { } ( ) [5m] [5m:1m] , "a" a="b" =~ by (a) + 1 bool > and on vector(0) time() avg " \\ ] \\d'.split(' ');
/** Newer servers read these, the one tested against does not. */
const DIFFERS =
  /(?:offset|\[|:|@)\s*[-+\d.\s(]*(?:\]|$|[-+@])|\d\.\D|\b(?:start|end)\(|(?:^|[^[\w:.])\d+[mhd]|\{(?:[^}]*,)?\s*"|\b(?:by|on|group_left)\s*\([^)]*"/;

it('accepts nothing that Prometheus refuses', async () => {
  const { url } = await startPrometheus();
  const accepts = async (query: string) => {
    const body = new URLSearchParams({ query, time: String(T0 / 1_000) });
    const answer = await fetch(`${url}/api/v1/query`, { method: 'POST', body });
    // An execution error is no fault of the text.
    return answer.status !== 400;
  };
  const mutation = fc.tuple(fc.nat(200), fc.constantFrom('insert', 'remove', 'replace'), fc.constantFrom(...TOKENS));
  const mutated = fc
    .tuple(fc.constantFrom(...QUERIES), fc.array(mutation, { maxLength: 2 }))
    .map(([query, mutations]) => {
      const parts = query.split(/(\W)/).filter((part) => part !== '');
      for (const [place, kind, token] of mutations) {
        const at = place % parts.length;
        parts.splice(at, kind === 'insert' ? 0 : 1, ...(kind === 'remove' ? [] : [` ${token} `]));
      }
      return parts.join('');
    })
    .filter((query) => !DIFFERS.test(query) && messageOf(query) === '');
  for (const query of QUERIES) expect(messageOf(query), query).toBe('');
  await fc.assert(
    fc.asyncProperty(mutated, async (query) => {
      expect(await accepts(query), query).toBe(true);
    }),
    { numRuns: 800, seed: 1_795_449_600 },
  );
});

function messageOf(query: string): string {
  const read = parsePromql(query);
  return 'error' in read ? read.error.message : '';
}
