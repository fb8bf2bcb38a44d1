import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { printSdl } from '../graph/schema.js';
import type { Terminal } from './terminal.js';

export function addSchemaCommand(program: Command, terminal: Terminal): void {
  program
    .command('schema')
    .description('print the GraphQL schema')
    .option('--out <file>', 'write it into a file instead')
    .action(({ out }: { out?: string }) => {
      const text = printSdl();
      if (out === undefined) terminal.data(text.trimEnd());
      else writeFileSync(out, text);
    });
}
