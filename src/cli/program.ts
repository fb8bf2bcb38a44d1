import { Command } from 'commander';
import { addCheckCommand } from './check.js';
import { addDemoCommand } from './demo.js';
import { addDoctorCommand } from './doctor.js';
import { reportFailure } from './exit.js';
import { addSchemaCommand } from './schema.js';
import { addServeCommand } from './serve.js';
import { createTerminal, type Terminal } from './terminal.js';
import { version } from './version.js';
import { addWatchCommand } from './watch.js';

const examples = `Examples:
  slograph demo                          a synthetic distributed cloud with a gateway in front, to look around in
  slograph serve --config slograph.yaml  answer for your own Prometheus
  slograph check --config slograph.yaml  what would be in force, and what is wrong with it
  slograph check slos/*.yaml             what is wrong with these definitions
  slograph watch                         violations as they open, change and resolve
  slograph doctor --config slograph.yaml what works, what is missing, and what to do
`;

const codes = `
Exit codes: 0 ok, 1 failed at run time, 2 usage, 3 configuration or definition invalid, 5 data source unreachable,
130 interrupted. Data goes to stdout, messages to stderr.`;

/** Runs one command line. @returns the exit code */
export async function run(argv: readonly string[], terminal: Terminal = createTerminal()): Promise<number> {
  const program = new Command('slograph')
    .description('A GraphQL SLO query gateway in front of Prometheus, Istio and Alertmanager.')
    .version(version(), '-V, --version')
    .addHelpText('before', examples)
    .addHelpText('after', codes)
    .showHelpAfterError('Run with --help to see what there is.')
    .configureOutput({
      writeOut: (text) => terminal.data(text.replace(/\n$/, '')),
      writeErr: (text) => terminal.message(text.replace(/\n$/, '')),
    })
    .exitOverride();
  let exitCode = 0;
  const end = (code: number) => {
    exitCode = code;
  };
  addServeCommand(program, terminal);
  addCheckCommand(program, terminal, end);
  addDoctorCommand(program, terminal, end);
  addDemoCommand(program, terminal, end);
  addWatchCommand(program, terminal, end);
  addSchemaCommand(program, terminal);
  try {
    await program.parseAsync([...argv]);
    return exitCode;
  } catch (error) {
    return reportFailure(error, terminal);
  }
}
