import type { IncomingHttpHeaders } from 'node:http';

/** Which browsers may call. */
export interface OriginRules {
  /** Where the gateway listens: a loopback address makes every other name of its own a forgery. */
  readonly listenHost: string;
  /** Exact origins beside the gateway's own: `https://ops.example`. */
  readonly allowedOrigins: readonly string[];
}

/**
 * Why a request must not be answered, or null. Programs send no Origin and pass. A page passes when it came from this
 * very host or from an origin on the list; `Origin: null` is no origin.
 */
export function refusedOrigin(headers: IncomingHttpHeaders, rules: OriginRules): string | null {
  const { host = '', origin } = headers;
  const listed = (wanted: (url: URL) => boolean) => rules.allowedOrigins.some((allowed) => wanted(new URL(allowed)));
  // A name that an attacker's DNS points at 127.0.0.1 is the "own" origin of the attacker's page, and a page sends no
  // Origin with a GET to its own: on loopback the name itself must be a loopback name.
  if (isLoopback(rules.listenHost) && !isLoopback(hostname(host)) && !listed((url) => url.host === host)) {
    return `The host "${host}" is not a name of this gateway; add the origin that uses it to allowedOrigins`;
  }
  if (origin === undefined || rules.allowedOrigins.includes(origin)) return null;
  if (host !== '' && (origin === `http://${host}` || origin === `https://${host}`)) return null;
  return `The origin "${origin}" is not allowed; add it to allowedOrigins`;
}

/** Whether a host name or address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
  );
}

function hostname(host: string): string {
  return /^(\[[^\]]*\]|[^:]*)/.exec(host)?.[1] ?? '';
}
