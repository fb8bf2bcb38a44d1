import type { Command } from 'commander';
import type { Finding } from '../domain/finding.js';
import { exitCodes } from './exit.js';
import type { Terminal } from './terminal.js';

interface DoctorFlags {
  readonly config: string;
  readonly json?: boolean;
}

const examples = `Examples:
  slograph doctor --config slograph.yaml          what works, what is missing, and what to do
  slograph doctor --config slograph.yaml --json   the same for programs
`;

export function addDoctorCommand(program: Command, terminal: Terminal, end: (code: number) => void): void {
  program
    .command('doctor')
    .description('examine a configuration on the spot: data sources, exporters, definitions, store; changes nothing')
    .addHelpText('before', examples)
    .option('--config <file>', 'configuration', './slograph.yaml')
    .option('--json', 'print one JSON object instead')
    .action(async ({ config, json = false }: DoctorFlags) => {
      // Loaded when asked for: the other commands start without what talks to data sources.
      const { examine } = await import('./doctor-examination.js');
      const findings = await examine(config, terminal);
      if (json) terminal.data(JSON.stringify({ ok: findings.every(({ level }) => level !== 'ERROR'), findings }));
      else terminal.findings(findings);
      end(exitCodeOf(findings));
    });
}

/** What keeps the gateway from starting comes before what it could do without. */
function exitCodeOf(findings: readonly Finding[]): number {
  const wrong = findings.filter(({ level }) => level === 'ERROR').map(({ topic }) => topic);
  if (wrong.some((topic) => topic === 'configuration' || topic === 'definitions')) return exitCodes.invalid;
  if (wrong.includes('reach')) return exitCodes.sourceUnreachable;
  return wrong.length > 0 ? exitCodes.failed : exitCodes.ok;
}
