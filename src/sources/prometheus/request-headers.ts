import { named, type SourceAccess } from './access.js';
import { type Headers, headersReader } from './headers-file.js';
import { rereadFile } from './reread-file.js';

/** The headers that a source wants with every request. @returns a reader that throws AccessFileError */
export function requestHeaders(access: SourceAccess): () => Promise<Headers> {
  const { headersFile, tenant = null, bearerTokenFile = null, basicAuthFile = null } = access;
  const fromFile = headersReader(headersFile);
  const authorization = authorizationReader(bearerTokenFile, basicAuthFile);
  return async () => {
    const headers = await named('headers file', fromFile);
    const value = await authorization();
    const own = {
      ...(tenant === null ? {} : { 'X-Scope-OrgID': tenant }),
      ...(value === null ? {} : { Authorization: value }),
    };
    const taken = Object.keys(own).map((name) => name.toLowerCase());
    const others = Object.entries(headers).filter(([name]) => !taken.includes(name.toLowerCase()));
    return { ...Object.fromEntries(others), ...own };
  };
}

function authorizationReader(bearerTokenFile: string | null, basicAuthFile: string | null) {
  if (bearerTokenFile !== null) {
    const read = rereadFile(bearerTokenFile, bearer);
    return () => named('bearerTokenFile', read);
  }
  if (basicAuthFile !== null) {
    const read = rereadFile(basicAuthFile, basic);
    return () => named('basicAuthFile', read);
  }
  return async () => null;
}

/** @throws Error that does not repeat the text, like `basic` */
function bearer(text: string): string {
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('it does not hold one token');
  return `Bearer ${token}`;
}

function basic(text: string): string {
  const line = text.trim();
  if (!/^[^:\r\n]+:[^\r\n]*$/.test(line)) throw new Error('it does not hold one line of name:password');
  return `Basic ${Buffer.from(line).toString('base64')}`;
}
