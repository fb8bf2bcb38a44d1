/** How a data source is reached beside its URL. Files are read again when they change. */
export interface SourceAccess {
  /** File of `Name: value` lines. */
  readonly headersFile: string | null;
  /** Sent as `X-Scope-OrgID`, by which Mimir, Cortex and Loki tell tenants apart. */
  readonly tenant?: string | null;
  /** File with a bearer token. */
  readonly bearerTokenFile?: string | null;
  /** File with `name:password`. */
  readonly basicAuthFile?: string | null;
  readonly tls?: TlsFiles;
}

/** Only for URLs of https; what is null is as Node has it. */
export interface TlsFiles {
  /** PEM certificates of the authorities that are trusted instead of the usual ones. */
  readonly caFile: string | null;
  /** PEM certificate to show, with the key beside it. */
  readonly certFile: string | null;
  readonly keyFile: string | null;
  /** Name that the source's certificate must be for, instead of the host of the URL. */
  readonly serverName: string | null;
  /** Takes any certificate: whoever is in between can read and change everything. */
  readonly insecureSkipVerify: boolean;
}

/** Whether anything of it is read from files, which may change. */
export function hasFiles({ headersFile, bearerTokenFile, basicAuthFile, tls }: SourceAccess): boolean {
  const files = [headersFile, bearerTokenFile, basicAuthFile, tls?.caFile, tls?.certFile, tls?.keyFile];
  return files.some((file) => file !== null && file !== undefined);
}

/** Equal for sources that are reached in the same way. */
export function accessKey(access: SourceAccess): string {
  const { headersFile, tenant = null, bearerTokenFile = null, basicAuthFile = null, tls } = access;
  const secured = tls && [tls.caFile, tls.certFile, tls.keyFile, tls.serverName, tls.insecureSkipVerify];
  return JSON.stringify([headersFile, tenant, bearerTokenFile, basicAuthFile, secured ?? null]);
}

/** A file that the way to a source needs cannot be used; the text names the setting, never what is in the file. */
export class AccessFileError extends Error {
  constructor(setting: string, cause: unknown) {
    const { code, message } = cause as { code?: unknown; message: string };
    super(`its ${setting} cannot be used: ${typeof code === 'string' ? code : message}`, { cause });
  }
}

/** Names the setting in what a reader throws. @throws AccessFileError */
export async function named<T>(setting: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new AccessFileError(setting, error);
  }
}
