import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Terminal } from './terminal.js';

export function addSchemaCommand(program: Command, terminal: Terminal): void {
  program
    .command('schema')
    .description('print the GraphQL schema')
    .option('--out <file>', 'write it into a file instead')
    .action(async ({ out }: { out?: string }) => {
      // Loaded when asked for, as in every command: the others start without it.
      const { printSdl } = await import('../graph/schema.js');
      const text = printSdl();
      if (out === undefined) terminal.data(text.trimEnd());
      else writeFileSync(out, text);
    });
}
