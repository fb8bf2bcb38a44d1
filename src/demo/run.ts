import { resolve } from 'node:path';
import { builtGateway, type Demo, isOpen, startDemo } from './demo.js';
import { type DemoPorts, defaultPorts, LOOPBACK } from './ports.js';
import { exampleQueries } from './queries.js';

/** What `slograph demo` can be told; everything has a default. */
export interface DemoOptions {
  /** Folder for samples, violations and configuration, used again by the next start. Default: `./.demo`. */
  readonly dataFolder?: string | undefined;
  /** Ports to try first; one in use is replaced. 0 takes any. */
  readonly ports?: { readonly [Name in keyof DemoPorts]?: number | undefined } | undefined;
  /** Where the gateway listens; beyond loopback it lets everybody in. Default: 127.0.0.1. */
  readonly host?: string | undefined;
  /** Days of history of a first start, 0.25..30. Default: 30. */
  readonly historyDays?: number | undefined;
  /** Seconds from the gateway being ready to the incident, 0..3600. Default: 60. */
  readonly incidentDelaySeconds?: number | undefined;
  /** Throws away what earlier starts left. Default: false. */
  readonly fresh?: boolean | undefined;
}

/** Exit codes as everywhere: 0 ended by SIGTERM, 1 failed, 2 usage, 130 by Ctrl-C. */
export type DemoExitCode = 0 | 1 | 2 | 130;

/** Runs the demo in the foreground until Ctrl-C, SIGTERM or a failure; then everything it started has ended. */
export async function runDemo(options: DemoOptions = {}): Promise<DemoExitCode> {
  const wrong = misuse(options);
  if (wrong !== null) {
    process.stderr.write(`slograph demo: ${wrong}\n`);
    return 2;
  }
  const abort = new AbortController();
  let exitCode: DemoExitCode = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    // The second one does not wait; the kernel ends the children with us.
    if (abort.signal.aborted) process.exit(130);
    exitCode = signal === 'SIGINT' ? 130 : 0;
    say('ending everything ...');
    abort.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const failure = await runUntil(options, abort.signal);
    if (failure === null) return exitCode;
    process.stderr.write(`slograph demo: ${failure}\n`);
    return 1;
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

/** Null when it ended because it was told to, else why it failed. */
async function runUntil(options: DemoOptions, signal: AbortSignal): Promise<string | null> {
  const host = options.host ?? LOOPBACK;
  let demo: Demo;
  try {
    demo = await startDemo({
      dataFolder: resolve(options.dataFolder ?? '.demo'),
      ports: { ...defaultPorts, ...given(options.ports ?? {}) },
      host,
      historyDays: options.historyDays ?? 30,
      incidentDelayMs: (options.incidentDelaySeconds ?? 60) * 1_000,
      fresh: options.fresh ?? false,
      gatewayScript: builtGateway,
      say,
      signal,
    });
  } catch (error) {
    return signal.aborted ? null : error instanceof Error ? error.message : String(error);
  }
  for (const line of welcome(demo, host)) say(line);
  const told = new Promise<null>((done) => {
    if (signal.aborted) done(null);
    else signal.addEventListener('abort', () => done(null), { once: true });
  });
  const failure = await Promise.race([told, demo.failed]);
  await demo.stop();
  return failure;
}

function misuse({ historyDays = 30, incidentDelaySeconds = 60, ports = {} }: DemoOptions): string | null {
  if (!(historyDays >= 0.25 && historyDays <= 30)) return `days of history are 0.25 to 30, got ${historyDays}`;
  if (!(incidentDelaySeconds >= 0 && incidentDelaySeconds <= 3_600)) {
    return `the incident comes 0 to 3600 seconds after the start, got ${incidentDelaySeconds}`;
  }
  const bad = Object.entries(ports).find(
    ([, port]) => port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65_536),
  );
  return bad === undefined ? null : `a port is a whole number from 0 to 65535, got ${bad[1]} for ${bad[0]}`;
}

function given<T extends object>(values: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]: Exclude<T[Name], undefined>;
  };
}

function welcome(demo: Demo, host: string): readonly string[] {
  const { addresses, incident, isRepeated, historyFromMs, samplesWritten, preparationMs } = demo;
  const [edge, shared] = addresses.prometheus;
  const pastMs = Math.max(historyFromMs + 600_000, Date.now() - 29 * 86_400_000);
  return [
    '',
    `Ready after ${(preparationMs / 1_000).toFixed(1)} s and ${samplesWritten.toLocaleString('en')} samples.`,
    '',
    `  GraphiQL      ${addresses.graphiql}`,
    `  GraphQL       ${addresses.graphql}`,
    `  Prometheus    ${edge}  (edge-seoul)`,
    `                ${shared}  (edge-busan and cloud-core, label "cluster")`,
    `  Alertmanager  ${addresses.alertmanager}`,
    `  Data          ${demo.dataFolder}  (slograph.yaml, slos)`,
    '',
    'Paste into GraphiQL:',
    ...exampleQueries(pastMs).flatMap(({ title, text }) => ['', `# ${title}`, text]),
    '',
    `At ${new Date(incident.startMs).toLocaleTimeString('en-GB', { timeZoneName: 'short' })} a noisy neighbour will throttle the detector of ${incident.cluster} for ${(incident.endMs - incident.startMs) / 1_000} seconds:`,
    'about a minute and a half later a burn-rate violation opens in the subscription and in Alertmanager; it resolves about',
    isRepeated
      ? 'half an hour after the end, because windows of six hours still see the one before.'
      : 'six minutes after the end.',
    ...(isOpen(host)
      ? [`The gateway listens on ${host} with --insecure: whoever reaches that address may ask it.`]
      : []),
    'Ctrl-C ends everything; the next start goes on from here.',
  ];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
