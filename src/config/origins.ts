import type { Place } from '../domain/errors.js';
import type { ConfigDocument } from './document.js';
import type { Override } from './environment.js';
import type { SettingPath } from './setting-tree.js';

/** A place in the file, or in words what came instead of the file. */
export type Origin = Place & { readonly origin?: string };

/** Where settings come from. */
export class Origins {
  constructor(
    private readonly document: ConfigDocument | null,
    private readonly overrides: readonly Override[],
  ) {}

  placeOf(path: SettingPath): Origin {
    return this.override(path) ?? this.document?.placeOf(path) ?? {};
  }

  placeOfKey(path: SettingPath): Origin {
    return this.override(path) ?? this.document?.placeOfKey(path) ?? {};
  }

  isOverridden(path: SettingPath): boolean {
    return this.override(path) !== null || this.document === null;
  }

  private override(path: SettingPath): { readonly origin: string } | null {
    const found = this.overrides.findLast((override) => override.path.every((part, index) => part === path[index]));
    return found === undefined ? null : { origin: found.origin };
  }
}
