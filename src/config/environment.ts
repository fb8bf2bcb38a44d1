import { parse } from 'yaml';
import { nearest } from '../domain/nearest.js';
import { type Setting, type SettingPath, settingTree } from './setting-tree.js';

/** A setting that stands elsewhere than in the file. */
export interface Override {
  readonly path: SettingPath;
  readonly value: unknown;
  /** `environment SLOGRAPH__LISTEN__PORT` */
  readonly origin: string;
}

export interface EnvironmentRead {
  readonly overrides: readonly Override[];
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

const PREFIX = 'SLOGRAPH__';

/**
 * `SLOGRAPH__LISTEN__PORT=4001`, `SLOGRAPH__CLUSTERS__0__PROMETHEUS__URL=...`, `SLOGRAPH__LIMITS__MAX_DEPTH=9`. Lists as a
 * whole are written as YAML: `SLOGRAPH__DEFINITIONS=[./slos]`. An empty value is no value.
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): EnvironmentRead {
  const overrides: Override[] = [];
  const problems: { path: string; message: string }[] = [];
  for (const name of Object.keys(env).sort()) {
    const text = env[name];
    if (!name.startsWith(PREFIX) || text === undefined || text === '') continue;
    const found = resolve(name);
    if (typeof found === 'string') problems.push({ path: name, message: found });
    else overrides.push({ path: found.path, value: readValue(found.setting, text), origin: `environment ${name}` });
  }
  return { overrides, problems };
}

/** The setting a variable names, or what is wrong with the name. */
function resolve(name: string): { readonly path: SettingPath; readonly setting: Setting } | string {
  let setting: Setting = settingTree;
  const path: (string | number)[] = [];
  let spelled = PREFIX.slice(0, -2);
  for (const part of name.slice(PREFIX.length).split('__')) {
    const step = stepInto(setting, part);
    if (typeof step === 'string') return `no such setting${step.replace('%', `${spelled}__`)}`;
    path.push(step.key);
    spelled += `__${part}`;
    setting = step.setting;
  }
  return { path, setting };
}

function stepInto(
  setting: Setting,
  part: string,
): { readonly key: string | number; readonly setting: Setting } | string {
  if (setting.kind === 'labels') return { key: part, setting: TEXT };
  if (setting.kind === 'list' && setting.item !== null) {
    if (/^\d{1,3}$/.test(part)) return { key: Number(part), setting: setting.item };
    return '; this is a list, name its item by a number: %0';
  }
  for (const [key, inner] of setting.settings) {
    if (plain(key) === plain(part)) return { key, setting: inner };
  }
  const known = [...setting.settings.keys()].map(variablePart);
  if (known.length === 0) return '; its name is too long';
  const meant = nearest(part, known);
  return meant === null
    ? `; known here: ${known.map((key) => `%${key}`).join(', ')}`.replaceAll('%', '')
    : `; did you mean %${meant}?`;
}

/** `maxDepth` is `MAX_DEPTH`. */
function variablePart(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function plain(text: string): string {
  return text.replaceAll('_', '').toLowerCase();
}

const TEXT: Setting = {
  kind: 'text',
  meaning: '',
  fallback: undefined,
  settings: new Map(),
  item: null,
  isPath: false,
  isDuration: false,
};

/** What does not look like the kind that is expected stays a text, for validation to say so. */
function readValue(setting: Setting, text: string): unknown {
  if (setting.kind === 'text') return text;
  if (setting.kind === 'number') return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
  if (setting.kind === 'switch') return text === 'true' ? true : text === 'false' ? false : text;
  try {
    return parse(text);
  } catch {
    return text;
  }
}
