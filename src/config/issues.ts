import type { z } from 'zod';
import type { Problem } from '../domain/errors.js';
import type { Origin, Origins } from './origins.js';
import { pathText, type Setting, type SettingPath, settingAt } from './setting-tree.js';
import { suggestion } from './suggestion.js';

/** What validation found, in words: what was expected, what came, what to do. */
export function issueProblems(issues: readonly z.core.$ZodIssue[], raw: unknown, origins: Origins): readonly Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...path, key], settingAt(path), origins));
    }
    return [problemAt(origins.placeOf(path), path, messageOf(issue, path, valueAt(raw, path)))];
  });
}

/** A problem at a place; where it is none of the file, the message tells where. */
export function problemAt(place: Origin, path: SettingPath, message: string): Problem {
  const { origin, ...known } = place;
  const text = origin === undefined ? message : `${message} (from ${origin})`;
  return { ...known, path: pathText(path), message: text, severity: 'ERROR' };
}

function unknownKey(path: SettingPath, parent: Setting | null, origins: Origins): Problem {
  const known = [...(parent?.settings.keys() ?? [])];
  return problemAt(origins.placeOfKey(path), path, `unknown key${suggestion(String(path.at(-1)), known)}`);
}

function messageOf(issue: z.core.$ZodIssue, path: SettingPath, value: unknown): string {
  const setting = settingAt(path);
  if (value === undefined) return `is missing; expected ${expectedOf(setting)}`;
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${expectedOf(setting)}, got ${shown(value)}${advice(setting, value)}`;
    case 'too_small':
      if (issue.origin === 'string') return 'expected a text, got an empty one';
      return issue.origin === 'array'
        ? `expected at least ${issue.minimum}, got none`
        : `expected at least ${issue.minimum}, got ${shown(value)}`;
    case 'too_big':
      return `expected at most ${issue.maximum}, got ${shown(value)}`;
    case 'invalid_value':
      return `expected one of ${issue.values.join(', ')}, got ${shown(value)}`;
    default:
      return issue.message;
  }
}

function expectedOf(setting: Setting | null): string {
  switch (setting?.kind) {
    case 'map':
      return `a map of ${[...setting.settings.keys()].join(', ')}`;
    case 'list':
      return 'a list';
    case 'labels':
      return 'a map of label: value';
    case 'number':
      return 'a whole number';
    case 'switch':
      return 'true or false';
    default:
      return setting?.isDuration === true ? 'a duration like 15s' : 'a text';
  }
}

function advice(setting: Setting | null, value: unknown): string {
  if (setting?.isDuration === true && typeof value === 'number') return `; did you mean ${value}s?`;
  if (setting?.kind === 'list' && typeof value === 'string') return `; write [${value}]`;
  const scalar = typeof value === 'number' || typeof value === 'boolean';
  return (setting === null || setting.kind === 'text') && scalar ? `; put it in quotes: "${value}"` : '';
}

/** Texts may be secrets that were put in the wrong place, so only short plain ones are repeated. */
function shown(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value !== 'string') return String(value);
  return /^[\w.+-]{1,24}$/.test(value) ? `"${value}"` : 'a text';
}

function valueAt(raw: unknown, path: SettingPath): unknown {
  return path.reduce<unknown>(
    (value, part) => (value as Record<string | number, unknown> | null | undefined)?.[part],
    raw,
  );
}
