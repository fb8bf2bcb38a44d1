import { type Command, InvalidArgumentError } from 'commander';
import type { Terminal } from './terminal.js';

interface DemoFlags {
  readonly data?: string;
  readonly fresh?: boolean;
  readonly historyDays?: number;
  readonly incidentAfter?: number;
  readonly host?: string;
  readonly port?: number;
  readonly prometheusEdgePort?: number;
  readonly prometheusSharedPort?: number;
  readonly alertmanagerPort?: number;
  readonly exportersPort?: number;
}

const examples = `Examples:
  slograph demo                    Ctrl-C ends everything; the next start goes on from its data
  slograph demo --port 8080        another port for the gateway
  slograph demo --fresh            from the beginning
`;

export function addDemoCommand(program: Command, _terminal: Terminal, end: (code: number) => void): void {
  program
    .command('demo')
    .description('run a synthetic distributed cloud with real engines and a gateway in front of it')
    .addHelpText('before', examples)
    .option('--data <folder>', 'where samples, violations and configuration are kept (default: ./.demo)')
    .option('--fresh', 'throw away what earlier starts left')
    .option('--history-days <days>', 'days of history of a first start, 0.25 to 30 (default: 30)', number)
    .option('--incident-after <seconds>', 'from ready to the noisy neighbour (default: 60)', number)
    .option('--host <address>', 'where the gateway listens; beyond loopback it lets everybody in (default: 127.0.0.1)')
    .option('--port <port>', 'port of the gateway (default: 4000)', number)
    .option('--prometheus-edge-port <port>', 'of the Prometheus of edge-seoul (default: 9090)', number)
    .option('--prometheus-shared-port <port>', 'of the Prometheus of the other clusters (default: 9091)', number)
    .option('--alertmanager-port <port>', 'of Alertmanager (default: 9093)', number)
    .option('--exporters-port <port>', 'of the exporters (default: 9480)', number)
    .action(async (flags: DemoFlags) => {
      // The demo is no part of a gateway: it is loaded only when it is asked for.
      const { runDemo } = await import('../demo/run.js');
      end(
        await runDemo({
          dataFolder: flags.data,
          fresh: flags.fresh,
          host: flags.host,
          historyDays: flags.historyDays,
          incidentDelaySeconds: flags.incidentAfter,
          ports: {
            gateway: flags.port,
            prometheusEdge: flags.prometheusEdgePort,
            prometheusShared: flags.prometheusSharedPort,
            alertmanager: flags.alertmanagerPort,
            exporters: flags.exportersPort,
          },
        }),
      );
    });
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number.');
  return value;
}
