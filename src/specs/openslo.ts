import type { Problem } from '../domain/errors.js';
import type { Definitions, SloDefinition } from '../domain/slo.js';
import { readAlerting } from './alert-policy.js';
import { readDocuments, type SpecDocument } from './documents.js';
import { type Envelope, readDescription, readEnvelope } from './envelope.js';
import { readDataSource, readSli } from './indicator.js';
import { type DefinitionOptions, hasErrors, Library } from './library.js';
import { readSlo } from './slo.js';

/** The text of a definition file, or of a definition that comes from elsewhere (`file` null). */
export interface DefinitionText {
  readonly file: string | null;
  readonly text: string;
}

/** What was read, and what of it is missing because it has errors. */
export interface ReadDefinitions {
  readonly definitions: Definitions;
  /** Names of the SLOs that have errors. */
  readonly failed: ReadonlySet<string>;
  /** Files in which something has errors whose name could not be read. */
  readonly broken: ReadonlySet<string>;
}

/**
 * Reads OpenSLO v1: streams and lists of YAML documents, or JSON, that may refer to each other across texts. A
 * definition with errors stops only itself and what refers to it.
 */
export function parseDefinitions(texts: readonly DefinitionText[], options: DefinitionOptions): Definitions {
  return readTexts(texts, options).definitions;
}

export function readTexts(texts: readonly DefinitionText[], options: DefinitionOptions): ReadDefinitions {
  const library = new Library(options);
  const problems: Problem[] = [];
  const documents: SpecDocument[] = [];
  const failed = new Set<string>();
  const broken = new Set<string>();
  for (const { file, text } of texts) {
    const read = readDocuments(file, text, options.strict ?? false);
    problems.push(...read.problems);
    if (hasErrors(read.problems) && file !== null) broken.add(file);
    for (const document of read.documents) {
      documents.push(document);
      const envelope = readEnvelope(document);
      if (envelope !== null) library.add(envelope);
      // What cannot be told from an SLO may have been one.
      if (envelope?.metadata.name === null || (envelope === null && file !== null)) broken.add(file ?? '');
    }
  }
  for (const envelope of library.of('SLI')) library.once(envelope, () => readSli(envelope, library));
  for (const envelope of library.of('DataSource')) library.once(envelope, () => readDataSource(envelope, library));
  for (const envelope of library.of('Service')) checkService(envelope);
  for (const kind of ['AlertCondition', 'AlertNotificationTarget', 'AlertPolicy'] as const) {
    for (const envelope of library.of(kind)) {
      readAlerting(envelope, library);
    }
  }
  const slos: SloDefinition[] = [];
  for (const envelope of library.of('SLO')) {
    const slo = readSlo(envelope, library);
    if (slo !== null) slos.push(slo);
    else if (envelope.metadata.name !== null) failed.add(envelope.metadata.name);
  }
  const all = [...problems, ...documents.flatMap((document) => document.problems)];
  return { definitions: { slos, problems: once(all) }, failed, broken };
}

function checkService({ spec }: Envelope): void {
  readDescription(spec?.fields(['description'], 'a mapping of a Service')?.get('description') ?? null);
}

/** An SLI that several SLOs refer to is checked for each, and reported once. */
function once(problems: readonly Problem[]): readonly Problem[] {
  const byText = new Map(problems.map((problem) => [JSON.stringify(Object.entries(problem).sort()), problem]));
  return [...byText.values()];
}
