import { z } from 'zod';
import { duration, httpUrl, path, text, wholeNumber } from './setting-kinds.js';

/** How a cluster's Prometheus is reached. */
export const prometheusSchema = z
  .strictObject({
    url: httpUrl().describe('Base URL of its Prometheus (or Thanos, Mimir, VictoriaMetrics), path prefix included.'),
    timeout: duration('100ms', '10m').prefault('10s').describe('From a question to its whole answer.'),
    maxConcurrent: wholeNumber(1, 1_000)
      .prefault(10)
      .describe('PromQL in flight at once; names of metrics are asked for besides it, four at a time.'),
    headersFile: path()
      .nullable()
      .prefault(null)
      .describe('File of `Name: value` lines sent with every request; read again when it changes.'),
    tenant: tenant().nullable().prefault(null).describe('Sent as `X-Scope-OrgID`: the tenant of Mimir or Cortex.'),
    bearerTokenFile: path().nullable().prefault(null).describe('File with a bearer token; read again when it changes.'),
    basicAuthFile: path().nullable().prefault(null).describe('File with `name:password`; read again when it changes.'),
    tls: z
      .strictObject({
        caFile: path()
          .nullable()
          .prefault(null)
          .describe('PEM certificates trusted instead of the usual ones; read again when it changes.'),
        certFile: path()
          .nullable()
          .prefault(null)
          .describe('PEM certificate to show to it; read again when it changes.'),
        keyFile: path().nullable().prefault(null).describe('PEM key of that certificate; read again when it changes.'),
        serverName: text()
          .nullable()
          .prefault(null)
          .describe('Name that its certificate must be for, instead of the host of the URL.'),
        insecureSkipVerify: z
          .boolean()
          .prefault(false)
          .describe('Takes any certificate: who is in between can read and change everything.'),
      })
      .prefault({}),
  })
  .superRefine(refuseContradictions);

/** @see https://grafana.com/docs/mimir/latest/configure/about-tenant-ids/ */
function tenant() {
  return z.string().superRefine((name, context) => {
    if (/^[A-Za-z0-9!\-_.*'()|]{1,150}$/.test(name)) return;
    const message = "expected a tenant of at most 150 letters, digits and !-_.*'()|";
    context.addIssue({ code: 'custom', message });
  });
}

interface Reached {
  readonly url: string;
  readonly bearerTokenFile: string | null;
  readonly basicAuthFile: string | null;
  readonly tls: Readonly<Record<'caFile' | 'certFile' | 'keyFile' | 'serverName', string | null>> & {
    readonly insecureSkipVerify: boolean;
  };
}

function refuseContradictions({ url, bearerTokenFile, basicAuthFile, tls }: Reached, context: z.RefinementCtx): void {
  const problem = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if (bearerTokenFile !== null && basicAuthFile !== null) {
    problem(['basicAuthFile'], 'a request carries one authorization: set bearerTokenFile or basicAuthFile, not both');
  }
  if ((tls.certFile === null) !== (tls.keyFile === null)) {
    problem(['tls'], 'certFile and keyFile belong together: set both or none');
  }
  const asked = Object.values(tls).some((value) => value !== null && value !== false);
  if (asked && !url.startsWith('https:')) problem(['tls'], 'only a url of https is secured by TLS');
}
