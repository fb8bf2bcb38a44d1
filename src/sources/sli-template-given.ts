import type { Matchers } from './prometheus/promql.js';

/** A parameter of a template, for readers and for `check`. */
export interface TemplateParameter {
  readonly required: boolean;
  readonly description: string;
}

/** What a template asks for once its parameters are known: PromQL of the queries of an SLI. */
export type TemplateQueries =
  | { readonly kind: 'RATIO'; readonly good?: string; readonly bad?: string; readonly total: string }
  | { readonly kind: 'VALUE'; readonly value: string };

/** A value that a parameter cannot have. */
export class WrongParameter extends Error {
  constructor(
    readonly parameter: string,
    message: string,
  ) {
    super(message);
  }
}

/** Parameters of one call, by name; the required ones are known to be there. */
export class Given {
  constructor(private readonly values: Readonly<Record<string, string>>) {}

  text(name: string): string {
    return this.values[name] as string;
  }

  /** A test of `label` where the parameter is given, else none. */
  test(label: string, name: string): Matchers {
    return Object.hasOwn(this.values, name) ? { [label]: this.text(name) } : {};
  }

  choice<T extends string>(name: string, choices: readonly T[], preset: T): T {
    if (!Object.hasOwn(this.values, name)) return preset;
    const found = choices.find((choice) => choice === this.text(name).toLowerCase());
    if (found === undefined)
      throw new WrongParameter(name, `expected ${choices.join(' or ')}, got "${this.text(name)}"`);
    return found;
  }

  /** One of the bounds, which are in `unitMs` milliseconds each, as a bucket's label writes it. */
  bound(name: string, bounds: readonly number[], unitMs: number, bareUnit: 'ms' | null): number {
    const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m)?$/.exec(this.text(name).trim());
    const unit = match?.[2] ?? bareUnit;
    const list = bounds.map((bound) => readable(bound * unitMs)).join(', ');
    if (match === null || unit === null) {
      throw new WrongParameter(name, `expected a duration, one of ${list}; got "${this.text(name)}"`);
    }
    const wantedMs = Number(match[1]) * (unit === 'ms' ? 1 : unit === 's' ? 1_000 : 60_000);
    const found = bounds.find((bound) => Math.abs(bound * unitMs - wantedMs) < 1e-6);
    if (found === undefined) {
      throw new WrongParameter(name, `${readable(wantedMs)} is no bound of the histogram; choose one of ${list}`);
    }
    return found;
  }
}

function readable(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Number(milliseconds.toPrecision(12))}ms` : `${milliseconds / 1_000}s`;
}
