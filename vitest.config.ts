import { defineConfig } from 'vitest/config';

// Tests that take long or want their full count run on demand: `npm run test:soak`.
const soak = process.env.SLOGRAPH_SOAK === '1';

export default defineConfig({
  // Vite would load graphql's ESM twin while Node loads CommonJS: "Cannot use GraphQLSchema from another module or realm".
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: false } },
  test: {
    include: soak ? ['test/soak/**/*.test.ts'] : ['test/**/*.test.ts'],
    exclude: soak ? [] : ['test/soak/**'],
    environment: 'node',
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/reporter.ts'],
    testTimeout: soak ? 3_600_000 : 60_000,
    hookTimeout: 120_000,
  },
});
