import { serverAudits } from 'graphql-http';
import { expect, it } from 'vitest';
import { startTestServer } from './test-server.js';

it('passes the GraphQL-over-HTTP audits, but for what Apollo answers with 400 and what its CSRF guard refuses', async () => {
  const { url } = await startTestServer();
  const found: Record<string, string[]> = { error: [], warn: [], notice: [] };
  for (const audit of serverAudits({ url: `${url}/graphql` })) {
    const result = await audit.fn();
    if (result.status !== 'ok') found[result.status]?.push(audit.id);
  }
  expect(found).toEqual({
    error: [],
    // A document that cannot be parsed, validated or coerced is answered with 400 as application/json too.
    warn: ['572B', 'FDE2', '7B9B'],
    // GET without a header that makes browsers ask first.
    notice: ['5A70', 'D6D5', '6A70'],
  });
});
