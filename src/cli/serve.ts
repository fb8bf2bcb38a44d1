import { type Command, InvalidArgumentError, Option } from 'commander';
import type { App } from '../app.js';
import type { Config } from '../config/config.js';
import { type LoadOptions, loadConfig } from '../config/load.js';
import { type ConfigWatch, watchConfig } from '../config/watch.js';
import { terminated } from './signals.js';
import type { Terminal } from './terminal.js';
import { version } from './version.js';

interface ServeFlags {
  readonly config: string;
  readonly host?: string;
  readonly port?: number;
  readonly insecure?: boolean;
  readonly logLevel?: Config['logLevel'];
}

const examples = `Examples:
  slograph serve --config slograph.yaml
  SLOGRAPH__LISTEN__PORT=4001 slograph serve
`;

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

export function addServeCommand(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .description('answer GraphQL until SIGTERM or Ctrl-C; the configuration is read again when it changes')
    .addHelpText('before', examples)
    .option('--config <file>', 'configuration', './slograph.yaml')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <port>', 'port to listen on; 0 takes a free one (default: 4000)', port)
    .option('--insecure', 'listen beyond loopback without tokens')
    .addOption(new Option('--log-level <level>', 'what is logged (default: info)').choices(levels))
    .action(async (flags: ServeFlags) => {
      const options: LoadOptions = {
        file: flags.config,
        env: process.env,
        overrides: {
          listen: { host: flags.host, port: flags.port },
          insecure: flags.insecure,
          logLevel: flags.logLevel,
        },
      };
      await serve(options, flags.config, terminal);
    });
}

async function serve(options: LoadOptions, file: string, terminal: Terminal): Promise<void> {
  const stop = terminated();
  const { createApp } = await import('../app.js');
  const app = createApp(loadConfig(options), { version: version() });
  const started = app.start();
  // A signal that comes while starting ends the program as well, once there is something to end.
  const first = await Promise.race([started, stop]);
  let watch: ConfigWatch | undefined;
  if (typeof first !== 'string') {
    watch = watchConfig(file, () => void reload(app, options));
    terminal.data(`GraphQL   ${first.url}/graphql`);
    terminal.data(`GraphiQL  ${first.url}/graphiql/`);
    terminal.data(`Health    ${first.url}/readyz`);
    terminal.data(`Metrics   ${first.url}/metrics`);
    app.log.info({ signal: await stop }, 'stopping');
  }
  await started;
  await watch?.close();
  await app.stop();
}

async function reload(app: App, options: LoadOptions): Promise<void> {
  try {
    await app.reload(loadConfig(options));
  } catch (error) {
    await app.rejectReload(error);
  }
}

function port(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('expected 0 to 65535.');
  return Number(text);
}
