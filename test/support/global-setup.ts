import { provideEngines } from '../../src/demo/engines.js';

/** A missing engine fails the run; it never skips a test. */
export default function setup(): void {
  provideEngines(
    [
      'prometheus',
      'promtool',
      'alertmanager',
      'nodeExporter',
      'chromium',
      'postgres',
      'kubectl',
      'victoriaMetrics',
      'openssl',
    ],
    (line) => console.log(line),
  );
}
