import type { z } from 'zod';
import { fileSchema } from './schema.js';
import { DURATION_FORMAT, PATH_FORMAT } from './setting-kinds.js';

/** Where a setting stands: keys, indexes of lists. */
export type SettingPath = readonly (string | number)[];

/** A part of the schema, seen without zod's wrappings. */
export interface Setting {
  readonly kind: 'map' | 'list' | 'labels' | 'text' | 'number' | 'switch';
  readonly meaning: string;
  /** As it would be written; undefined where the setting is required. */
  readonly fallback: unknown;
  /** Of a map: its settings in order. */
  readonly settings: ReadonlyMap<string, Setting>;
  /** Of a list. */
  readonly item: Setting | null;
  readonly isPath: boolean;
  readonly isDuration: boolean;
}

const KINDS: Readonly<Record<string, Setting['kind']>> = {
  object: 'map',
  array: 'list',
  record: 'labels',
  number: 'number',
  boolean: 'switch',
};

/** The settings as the schema describes them. */
export const settingTree: Setting = settingOf(fileSchema);

/** The setting at a path; null where there is none. */
export function settingAt(path: SettingPath): Setting | null {
  let setting: Setting | null = settingTree;
  for (const part of path) {
    if (setting === null) return null;
    if (setting.kind === 'list') setting = typeof part === 'number' ? setting.item : null;
    else setting = setting.settings.get(String(part)) ?? null;
  }
  return setting;
}

/** `clusters[0].prometheus.url` */
export function pathText(path: SettingPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

function settingOf(schema: z.core.$ZodType): Setting {
  let inner = schema;
  let fallback: unknown;
  let meta = metaOf(inner);
  for (;;) {
    const { def } = inner._zod as unknown as {
      def: { type: string; innerType?: z.core.$ZodType; in?: z.core.$ZodType; defaultValue?: unknown };
    };
    const next = def.type === 'pipe' ? def.in : def.innerType;
    if (def.type === 'prefault') fallback = def.defaultValue;
    if (next === undefined) break;
    inner = next;
    meta = { ...metaOf(inner), ...meta };
  }
  const { def } = inner._zod as unknown as {
    def: { type: string; shape?: Record<string, z.core.$ZodType>; element?: z.core.$ZodType };
  };
  return {
    kind: KINDS[def.type] ?? 'text',
    meaning: meta.description ?? '',
    fallback,
    settings: new Map(Object.entries(def.shape ?? {}).map(([key, part]) => [key, settingOf(part)])),
    item: def.element === undefined ? null : settingOf(def.element),
    isPath: meta.format === PATH_FORMAT,
    isDuration: meta.format === DURATION_FORMAT,
  };
}

function metaOf(schema: z.core.$ZodType): { description?: string | undefined; format?: unknown } {
  return (schema as z.ZodType).meta() ?? {};
}
