import { z } from 'zod';
import { parseDuration } from '../domain/duration.js';

/** In a schema's `meta`: the text is a path, relative to the folder of the file. */
export const PATH_FORMAT = 'path';

/** The text is a duration: `15s`. */
export const DURATION_FORMAT = 'duration';

/** A file or folder, relative to the folder of the file that names it. */
export function path() {
  return z.string().min(1).meta({ format: PATH_FORMAT });
}

/** Not empty. */
export function text() {
  return z.string().min(1);
}

/** Bounds included. */
export function wholeNumber(least: number, most: number) {
  return z.number().int().min(least).max(most);
}

/** In milliseconds. */
export function duration(least: string, most: string) {
  return z
    .string()
    .transform((text, context) => {
      const problem = (message: string) => {
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      };
      try {
        const milliseconds = parseDuration(text);
        const inside = milliseconds >= parseDuration(least) && milliseconds <= parseDuration(most);
        return inside ? milliseconds : problem(`expected a duration from ${least} to ${most}, got ${text}`);
      } catch (error) {
        return problem((error as Error).message);
      }
    })
    .meta({ format: DURATION_FORMAT });
}

/** Without a slash at its end. */
export function httpUrl() {
  return z.string().transform((text, context) => {
    const problem = httpUrlProblem(text);
    if (problem === null) return text.replace(/\/+$/, '');
    context.addIssue({ code: 'custom', message: problem });
    return z.NEVER;
  });
}

/** What is said never repeats the text: there may be a password in it. */
function httpUrlProblem(text: string): string | null {
  const example = 'write it like http://prometheus:9090';
  if (!URL.canParse(text)) return `expected a URL; ${example}`;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    const host = /^[\w.-]+:\d/.test(text) ? `http://${text}` : null;
    return host === null
      ? `expected a URL of http or https, got ${url.protocol}`
      : `expected a URL; did you mean "${host}"?`;
  }
  if (url.username !== '' || url.password !== '') {
    return 'credentials do not belong in a URL, which is shown and logged; put name:password into a file and name it as basicAuthFile';
  }
  if (url.search !== '' || url.hash !== '') return `expected a URL without "?" and "#"; ${example}`;
  return null;
}
