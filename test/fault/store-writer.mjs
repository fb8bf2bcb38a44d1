// Opens the store at argv[2] and appends batches for ever (argv[3]: first number of the names), telling on stdout what
// was acknowledged. It is TypeScript that is run, so vite translates it as it does for the tests.
import { runnerImport } from 'vite';

const [, , path, seed] = process.argv;
const { module } = await runnerImport(new URL('../../src/store/sqlite-store.ts', import.meta.url).pathname);

const fields = {
  slo: 's',
  objective: 'o',
  revision: 'r',
  cluster: 'c',
  microservice: null,
  application: null,
  kind: 'BURN_RATE',
  severity: 'PAGE',
  status: 'OPEN',
  startedAtMs: 0,
  resolvedAtMs: null,
  message: 'm',
};
const change = (name) => ({
  eventId: `${name}/opened`,
  transition: 'OPENED',
  violation: { id: name, ...fields },
  evaluatedAtMs: 0,
  late: false,
});

try {
  const store = await module.createSqliteStore({ path });
  process.stdout.write('ready\n');
  for (let batch = 0; ; batch += 1) {
    const changes = Array.from({ length: 1 + (batch % 5) }, (_, index) => change(`${seed}-${batch}-${index}`));
    const stored = await store.append(changes, batch);
    process.stdout.write(`${stored.map(({ seq, eventId }) => `${seq} ${eventId}`).join('\n')}\n`);
    await new Promise((resolve) => setImmediate(resolve));
  }
} catch (error) {
  process.stdout.write(`${error.name}: ${error.message}\n`);
  process.exitCode = 1;
}
