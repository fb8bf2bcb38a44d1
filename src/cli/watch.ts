import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { WebSocket } from 'ws';
import { resumableViolations, type ViolationStreamItem } from '../client/resumable-violations.js';
import { InputError } from '../domain/errors.js';
import { exitCodes } from './exit.js';
import { terminated } from './signals.js';
import type { Terminal } from './terminal.js';

interface WatchFlags {
  readonly url: string;
  readonly tokenFile?: string;
  readonly cursorFile?: string;
  readonly slo?: readonly string[];
  readonly cluster?: readonly string[];
  readonly severity?: readonly string[];
  readonly kind?: readonly string[];
  readonly json?: boolean;
}

const examples = `Examples:
  slograph watch                                      what is violated, and every change of it
  slograph watch --severity page --cluster edge-seoul
  slograph watch --json --cursor-file ./cursor        for programs; the next start goes on where this one ended
`;

export function addWatchCommand(program: Command, terminal: Terminal, end: (code: number) => void): void {
  program
    .command('watch')
    .description('print violations as they open, change and resolve; goes on by itself when the gateway was away')
    .addHelpText('before', examples)
    .option('--url <url>', 'GraphQL of a gateway', 'ws://127.0.0.1:4000/graphql')
    .option('--token-file <file>', 'file that holds the bearer token; read again at every connection')
    .option('--cursor-file <file>', 'where the place reached is kept, to go on from there at the next start')
    .option('--slo <name...>', 'of these SLOs only')
    .option('--cluster <name...>', 'of these clusters only')
    .addOption(new Option('--severity <severity...>', 'of these only').choices(['page', 'ticket', 'info']))
    .addOption(new Option('--kind <kind...>', 'of these only').choices(['burn-rate', 'budget-exhausted', 'threshold']))
    .option('--json', 'print every item of the stream as JSON, one a line')
    .action(async (flags: WatchFlags) => {
      end(await watch(flags, terminal));
    });
}

async function watch(flags: WatchFlags, terminal: Terminal): Promise<number> {
  const { url, tokenFile, cursorFile, json = false } = flags;
  // Absent for a moment it may be later, while it is replaced; absent at the start it is a mistake.
  if (tokenFile !== undefined) checkReadable(tokenFile);
  const ending = new AbortController();
  void terminated().then(() => ending.abort());
  let away = false;
  const stream = resumableViolations({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    variables: { filter: filterOf(flags) },
    signal: ending.signal,
    onInterrupted(reason, retryInMs) {
      away = true;
      terminal.message(`${reason || 'the connection failed'}; waiting for ${url}, next try ${whenIn(retryInMs)}`);
    },
    onConnected() {
      if (away) terminal.message(`connected to ${url} again; nothing was missed unless a gap is told`);
      away = false;
    },
    ...(tokenFile === undefined
      ? {}
      : { connectionParams: () => ({ authorization: `Bearer ${contentOf(tokenFile)}` }) }),
    ...(cursorFile === undefined ? {} : cursorIn(cursorFile)),
  });
  try {
    for await (const item of stream) {
      if (json) terminal.data(JSON.stringify(item));
      else show(item, terminal);
    }
  } catch (error) {
    const { message } = error as Error;
    const isOfCursor = cursorFile !== undefined && message.includes('cursor');
    throw new InputError(isOfCursor ? `${message}; delete ${cursorFile} to begin with what is open` : message);
  }
  return exitCodes.interrupted;
}

/** `at 12:00:05 (in 3.2 s)`, as clocks here tell it. */
function whenIn(delayMs: number): string {
  const time = new Date(Date.now() + delayMs).toTimeString().slice(0, 8);
  return `at ${time} (in ${(delayMs / 1_000).toFixed(1)} s)`;
}

function checkReadable(tokenFile: string): void {
  try {
    contentOf(tokenFile);
  } catch (error) {
    throw new InputError(`the token file ${tokenFile} cannot be read: ${(error as Error).message}`);
  }
}

function filterOf({ slo, cluster, severity, kind }: WatchFlags) {
  const words = (values: readonly string[]) => values.map((value) => value.toUpperCase().replaceAll('-', '_'));
  return {
    ...(slo === undefined ? {} : { slo: { in: slo } }),
    ...(cluster === undefined ? {} : { cluster: { in: cluster } }),
    ...(severity === undefined ? {} : { severity: words(severity) }),
    ...(kind === undefined ? {} : { kind: words(kind) }),
  };
}

function show(item: ViolationStreamItem, terminal: Terminal): void {
  if (item.__typename === 'StreamReset') {
    const why =
      item.reason === 'EXPIRED' ? 'what came since is no longer kept' : 'the store of the gateway was replaced';
    terminal.message(`there is a gap here: ${why}; what is open follows`);
  }
  if (item.__typename !== 'ViolationEvent') return;
  const { transition, evaluatedAt, violation } = item;
  const { severity, sloName, message } = violation;
  terminal.data(`${evaluatedAt}  ${transition.padEnd(16)}  ${severity.padEnd(6)}  ${sloName}  ${message}`);
}

function cursorIn(file: string) {
  return {
    loadCursor: () => (existsSync(file) ? contentOf(file) || null : null),
    saveCursor(cursor: string) {
      // Whole or not at all, also when the machine goes down.
      writeFileSync(`${file}.new`, `${cursor}\n`, { flush: true });
      renameSync(`${file}.new`, file);
    },
  };
}

function contentOf(file: string): string {
  return readFileSync(file, 'utf8').trim();
}
