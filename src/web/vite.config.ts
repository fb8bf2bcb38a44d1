import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'src/web/graphiql',
  base: '/graphiql/',
  plugins: [react()],
  build: {
    outDir: '../../../dist/web/graphiql',
    emptyOutDir: true,
    // The editor and its language workers are what they are; nothing else of the page is near this.
    chunkSizeWarningLimit: 4_000,
    rolldownOptions: {
      onwarn(warning, warn) {
        // React's compiler leaves "use no memo" in its output: no bundler knows it, and nothing is lost without it.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
});
