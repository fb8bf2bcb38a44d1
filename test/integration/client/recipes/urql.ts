import { type Exchange, subscriptionExchange } from '@urql/core';
import { type ResumableOptions, resumableViolations } from '../../../../src/client/resumable-violations.js';

/** Its place is before the `fetchExchange`. */
export function violationExchange(options: ResumableOptions): Exchange {
  return subscriptionExchange({
    forwardSubscription: ({ query = '', variables = {} }) => ({
      subscribe(observer) {
        const ending = new AbortController();
        const stream = resumableViolations({ ...options, query, variables, signal: ending.signal });
        (async () => {
          for await (const violations of stream) observer.next({ data: { violations } });
          observer.complete();
        })().catch((error) => observer.error(error));
        return { unsubscribe: () => ending.abort() };
      },
    }),
  });
}
