import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Config } from '../config/config.js';
import { describeConfig } from '../config/describe.js';
import { loadConfig } from '../config/load.js';
import { ConfigError, type Problem } from '../domain/errors.js';
import type { Definitions } from '../domain/slo.js';
import { readAccess } from '../server/auth.js';
import { createSliCompiler } from '../sources/sli-compiler.js';
import { sliTemplates } from '../sources/sli-templates.js';
import { adviceOn } from '../specs/advice.js';
import { readDefinitions, readFiles } from '../specs/definition-files.js';
import { exitCodes } from './exit.js';
import type { Terminal } from './terminal.js';

interface CheckFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly strict?: boolean;
}

interface Checked {
  readonly config: Config | null;
  readonly definitions: Definitions;
}

const DEFAULT_CONFIG = './slograph.yaml';

const examples = `Examples:
  slograph check slos/*.yaml              what is wrong with these definitions
  slograph check --config slograph.yaml   the effective configuration, and what is wrong with it and its definitions
  slograph check --json slos              the same for programs
`;

export function addCheckCommand(program: Command, terminal: Terminal, end: (code: number) => void): void {
  program
    .command('check')
    .description('check definitions and configuration; nothing is asked of a data source')
    .addHelpText('before', examples)
    .argument('[files...]', 'files and folders of definitions (default: those of the configuration)')
    .option('--config <file>', `configuration (default: ${DEFAULT_CONFIG}, when it is there)`)
    .option('--strict', "refuse what OpenSLO's own validator refuses, in place of a warning")
    .option('--json', 'print one JSON object instead')
    .action(async (files: string[], flags: CheckFlags) => {
      end(await check(files, flags, terminal));
    });
}

async function check(files: readonly string[], flags: CheckFlags, terminal: Terminal): Promise<number> {
  let checked: Checked;
  try {
    checked = await read(files, flags, terminal);
  } catch (error) {
    if (!(error instanceof ConfigError) || flags.json !== true) throw error;
    terminal.data(JSON.stringify({ valid: false, problems: error.problems, slos: [] }));
    return exitCodes.invalid;
  }
  const { config, definitions } = checked;
  const problems = [...definitions.problems, ...adviceOn(definitions.slos)];
  const slos = definitions.slos.map(({ name }) => name);
  const valid = problems.every(({ severity }) => severity !== 'ERROR');
  if (flags.json === true) {
    terminal.data(JSON.stringify({ valid, problems, slos }));
  } else {
    if (config !== null && files.length === 0) terminal.data(describeConfig(config).trimEnd());
    terminal.problems(problems);
    terminal.message(summary(slos.length, problems));
  }
  return valid ? exitCodes.ok : exitCodes.invalid;
}

async function read(files: readonly string[], flags: CheckFlags, terminal: Terminal): Promise<Checked> {
  const file = flags.config ?? (files.length === 0 || existsSync(DEFAULT_CONFIG) ? DEFAULT_CONFIG : null);
  const config = file === null ? null : loadConfig({ file, env: process.env });
  const paths = files.length === 0 ? (config?.definitions ?? []) : files;
  if (config === null) terminal.message('no configuration: the clusters that the definitions name are taken as there');
  const clusters = config === null ? await namedClusters(paths) : config.clusters.map(({ name }) => name);
  // Checking reads no source, so none has to be known.
  const compiler = createSliCompiler({
    dataSourceOf: (cluster) => ({ name: cluster, clusters: [{ name: cluster, match: {} }] }),
  });
  const definitions = await readDefinitions(paths, {
    clusters,
    strict: flags.strict ?? false,
    checkSli: compiler.check,
    templateInfo: (name) => sliTemplates.find((template) => template.name === name) ?? null,
  });
  const access = config === null || files.length > 0 ? [] : accessProblems(config);
  return { config, definitions: { ...definitions, problems: [...access, ...definitions.problems] } };
}

/** Why the gateway would let nobody in, or refuse to start because it would let everybody in. */
function accessProblems({ listen, tokensFile, insecure }: Config): readonly Problem[] {
  try {
    readAccess({ listenHost: listen.host, tokensFile, insecure });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** What stands where the name of a cluster may stand; one nameless cluster where nothing does. */
async function namedClusters(paths: readonly string[]): Promise<readonly string[]> {
  const { texts } = await readFiles(paths);
  const places = /(?:metricSourceRef|cluster|datasourceRef)["']?\s*:\s*["']?([a-zA-Z0-9][\w.-]*)/g;
  const names = new Set(texts.flatMap(({ text }) => [...text.matchAll(places)].map((match) => match[1] as string)));
  return names.size === 0 ? ['cluster'] : [...names];
}

function summary(slos: number, problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'ERROR').length;
  const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`;
  return `${plural(slos, 'SLO')}, ${plural(errors, 'error')}, ${plural(problems.length - errors, 'warning')}`;
}
