import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** The user of the image's last stage, and of everything that is run here when the tests themselves run as root. */
const UNPRIVILEGED = 65_532;

/** What a stage leaves behind: its files under a folder of its own, and how it is started. */
export interface Stage {
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string | null;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

/**
 * Performs a Dockerfile's own commands without a container engine, for the stages that `target` needs: every stage gets an
 * empty folder in place of its image's root (a stage made from another goes on in that one's), COPY copies, RUN runs as a
 * user without rights, and the sources cannot be written.
 * @throws Error for an instruction it does not know, so that none is passed over, and for a command that fails
 */
export async function perform(dockerfile: string, context: string, target: string): Promise<Stage> {
  const base = mkdtempSync(join(tmpdir(), 'slograph-image-'));
  chmodSync(base, 0o755);
  const home = join(base, 'home');
  mkdirSync(home);
  give(home);
  const sources = join(base, 'context');
  copyContext(context, sources);
  const recipes = recipesOf(readFileSync(dockerfile, 'utf8'));
  const stages = new Map<string, Stage>();
  const make = async (name: string): Promise<Stage> => {
    const made = stages.get(name);
    if (made !== undefined) return made;
    const recipe = recipes.get(name);
    if (recipe === undefined) throw new Error(`the Dockerfile has no stage ${name}`);
    let stage = recipes.has(recipe.from) ? await make(recipe.from) : emptyStage(join(base, name));
    for (const [instruction, rest] of recipe.instructions) {
      const origin = instruction === 'COPY' ? /^--from=(\S+)/.exec(rest)?.[1] : undefined;
      if (origin !== undefined) await make(origin);
      stage = await step(stage, instruction, rest, { stages, sources, home });
    }
    stages.set(name, stage);
    return stage;
  };
  return make(target);
}

interface Recipe {
  readonly from: string;
  readonly instructions: [string, string][];
}

function recipesOf(text: string): Map<string, Recipe> {
  const recipes = new Map<string, Recipe>();
  let current: Recipe | null = null;
  for (const [instruction, rest] of instructionsOf(text)) {
    if (instruction === 'FROM') {
      const [, from = '', name = ''] = /^(\S+) AS (\S+)$/i.exec(rest) ?? [];
      current = { from, instructions: [] };
      recipes.set(name, current);
    } else if (current === null) throw new Error(`${instruction} before FROM`);
    else current.instructions.push([instruction, rest]);
  }
  return recipes;
}

function emptyStage(root: string): Stage {
  mkdirSync(root);
  give(root);
  return { root, workdir: '/', env: {}, user: null, entrypoint: [], command: [] };
}

async function step(
  stage: Stage,
  instruction: string,
  rest: string,
  world: { stages: ReadonlyMap<string, Stage>; sources: string; home: string },
): Promise<Stage> {
  switch (instruction) {
    case 'WORKDIR':
      mkdirSync(join(stage.root, rest), { recursive: true });
      give(join(stage.root, rest));
      return { ...stage, workdir: rest };
    case 'ENV': {
      const [key, value] = rest.split('=') as [string, string];
      return { ...stage, env: { ...stage.env, [key]: value } };
    }
    case 'COPY': {
      const words = rest.split(/\s+/).filter((word) => !word.startsWith('--'));
      const from = /--from=(\S+)/.exec(rest)?.[1] ?? null;
      const origin = from === null ? world.sources : (world.stages.get(from) as Stage).root;
      const target = words.pop() as string;
      for (const word of words) {
        const folder = join(stage.root, stage.workdir, target);
        const isFolder = lstatSync(join(origin, word)).isDirectory();
        copyOwned(join(origin, word), isFolder || !target.endsWith('/') ? folder : join(folder, basename(word)));
      }
      return stage;
    }
    case 'RUN':
      await run(rest, join(stage.root, stage.workdir), {
        ...stage.env,
        HOME: world.home,
        npm_config_cache: join(world.home, '.npm'),
      });
      return stage;
    case 'USER':
      return { ...stage, user: rest };
    case 'EXPOSE':
      return stage;
    case 'ENTRYPOINT':
      return { ...stage, entrypoint: JSON.parse(rest) as string[] };
    case 'CMD':
      return { ...stage, command: JSON.parse(rest) as string[] };
    default:
      throw new Error(`the test does not know how to perform ${instruction}`);
  }
}

/** Credentials of the user without rights; nothing when the tests run as a plain user already. */
export function unprivileged(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};
}

async function run(command: string, cwd: string, env: Record<string, string>): Promise<void> {
  const child = spawn('sh', ['-c', command], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...unprivileged(),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`RUN ${command} ended with ${code}:\n${output.slice(0, 6_000)}`);
}

/** Instructions in order, comments and continuation lines resolved. */
function instructionsOf(text: string): [string, string][] {
  return text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, instruction, rest] = /^(\S+)\s+(.*)$/.exec(line) as unknown as [string, string, string];
      return [instruction.toUpperCase(), rest];
    });
}

/** The build context without what .dockerignore keeps out, readable and not writable. */
function copyContext(from: string, to: string): void {
  const ignored = new Set(
    readFileSync(join(from, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  );
  mkdirSync(to);
  for (const entry of readdirSync(from))
    if (!ignored.has(entry)) cpSync(join(from, entry), join(to, entry), { recursive: true });
  walk(to, (path, isFolder) => chmodSync(path, isFolder ? 0o555 : 0o444));
}

function copyOwned(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  walk(to, (path, isFolder, isLink) => {
    if (!isLink) chmodSync(path, isFolder ? 0o755 : 0o644);
    give(path);
  });
}

function give(path: string): void {
  if (process.getuid?.() === 0 && !lstatSync(path).isSymbolicLink()) chownSync(path, UNPRIVILEGED, UNPRIVILEGED);
}

/** Visits a path and all below it, the deepest first. */
export function walk(path: string, visit: (path: string, isFolder: boolean, isLink: boolean) => void): void {
  const stats = lstatSync(path);
  if (stats.isDirectory()) for (const entry of readdirSync(path)) walk(join(path, entry), visit);
  visit(path, stats.isDirectory(), stats.isSymbolicLink());
}
