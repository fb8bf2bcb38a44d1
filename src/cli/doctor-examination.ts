import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { everything } from '../domain/access.js';
import { ConfigError, type Problem, problemText } from '../domain/errors.js';
import type { Finding } from '../domain/finding.js';
import type { Definitions } from '../domain/slo.js';
import { alignToGrid } from '../domain/time-grid.js';
import { readAccess } from '../server/auth.js';
import { examineCluster } from '../sources/examination/cluster.js';
import { examineSlos } from '../sources/examination/slos.js';
import { createPlanner, type Planner } from '../sources/prometheus/planner.js';
import { createSliCompiler } from '../sources/sli-compiler.js';
import { createEventSource } from '../sources/sli-events.js';
import { sliTemplates } from '../sources/sli-templates.js';
import { readDefinitions } from '../specs/definition-files.js';
import { descriptorFinding, postgresFinding, storeFindings } from './doctor-machine.js';
import type { Terminal } from './terminal.js';

/** Silence that long is explained. */
const PATIENCE_MS = 1_000;

/** Examines a configuration with all it names; its own problems are findings too. */
export async function examine(file: string, terminal: Terminal): Promise<readonly Finding[]> {
  let config: Config;
  try {
    config = loadConfig({ file, env: process.env });
    readAccess({ listenHost: config.listen.host, tokensFile: config.tokensFile, insecure: config.insecure });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => ofProblem('configuration', problem));
  }
  const names = config.clusters.map(({ name }) => name);
  const patience = setTimeout(() => terminal.message(`waiting for ${names.join(', ')} ...`), PATIENCE_MS);
  const planner = createPlanner({ clusters: config.clusters });
  try {
    return [
      { ...bare, topic: 'configuration', message: `${file}: ${counted(names.length, 'cluster')}: ${names.join(', ')}` },
      descriptorFinding(),
      ...(await examineStore(config.store)),
      ...(await examineSources(config, planner)),
    ];
  } finally {
    clearTimeout(patience);
    await planner.close();
  }
}

async function examineStore(store: Config['store']): Promise<readonly Finding[]> {
  const { examinePostgres } = await import('../app.js');
  const probe = examinePostgres(store);
  return probe === null ? storeFindings(store.path) : [await postgresFinding(probe)];
}

async function examineSources(config: Config, planner: Planner): Promise<readonly Finding[]> {
  const context = { scope: everything };
  const atMs = alignToGrid(Date.now() - config.evaluation.lagMs, config.gridMs);
  const clusters = config.clusters.map(({ name }) => name);
  const compiler = createSliCompiler(planner);
  const definitions = await readDefinitions(config.definitions, {
    clusters,
    checkSli: compiler.check,
    templateInfo: (name) => sliTemplates.find((template) => template.name === name) ?? null,
  });
  const [found, slos] = await Promise.all([
    Promise.all(clusters.map((cluster) => examineCluster(planner, cluster, atMs, context))),
    examineSlos(definitions.slos, compiler, createEventSource(planner), atMs, context),
  ]);
  return [...definitionFindings(definitions), ...found.flat(), ...slos];
}

function definitionFindings({ slos, problems }: Definitions): readonly Finding[] {
  const found = problems.map((problem) => ofProblem('definitions', problem));
  if (slos.length === 0 && found.length > 0) return found;
  const message = slos.length === 0 ? 'no SLO is defined' : `${counted(slos.length, 'SLO')} defined`;
  const advice = slos.length === 0 ? 'set definitions to a folder of OpenSLO documents' : null;
  return [{ ...bare, topic: 'definitions', level: slos.length === 0 ? 'WARNING' : 'OK', message, advice }, ...found];
}

const bare = { level: 'OK', cluster: null, advice: null, fields: [] } as const;

/** What to do is part of the text of a problem. */
function ofProblem(topic: 'configuration' | 'definitions', problem: Problem): Finding {
  return { ...bare, topic, level: problem.severity, message: problemText(problem) };
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
