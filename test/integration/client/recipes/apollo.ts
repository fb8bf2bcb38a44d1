import { ApolloLink, Observable } from '@apollo/client';
import { print } from 'graphql';
import { type ResumableOptions, resumableViolations } from '../../../../src/client/resumable-violations.js';

/** For subscriptions to `violations` alone: `ApolloLink.split` sends the others elsewhere. */
export function violationLink(options: ResumableOptions): ApolloLink {
  return new ApolloLink(
    ({ query, variables }) =>
      new Observable((observer) => {
        const ending = new AbortController();
        const stream = resumableViolations({ ...options, query: print(query), variables, signal: ending.signal });
        (async () => {
          for await (const violations of stream) observer.next({ data: { violations } });
          observer.complete();
        })().catch((error) => observer.error(error));
        return () => ending.abort();
      }),
  );
}
