import type { FetcherOpts, FetcherParams } from '@graphiql/toolkit';
import { type DocumentNode, Kind, parse } from 'graphql';

/**
 * What is asked, by the text that is sent. The editor reads a document a moment after it shows it: run sooner, it still
 * names the operation of the tab before, and sends a subscription as if it were that tab's query.
 */
export function presentOperation(
  params: FetcherParams,
  options: FetcherOpts | undefined,
): [params: FetcherParams, options: FetcherOpts | undefined] {
  let document: DocumentNode;
  try {
    document = parse(params.query);
  } catch {
    // The server says what is wrong with it, and where.
    return [params, options];
  }
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const names = operations.map((operation) => operation.name?.value);
  const [only] = names;
  const isKnown = names.length !== 1 || (params.operationName ?? undefined) === only;
  return [isKnown ? params : { ...params, operationName: only ?? null }, { ...options, documentAST: document }];
}
