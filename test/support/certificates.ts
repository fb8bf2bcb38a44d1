import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { findEngine } from '../../src/demo/engines.js';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** Signs a certificate for a name; one of no days has expired when it is there. */
  sign(name: string, days?: number): Certificate;
}

/** The same certificate as `openssl x509 -trustout` writes it, in a file beside its own. */
export function asTrusted({ certFile }: Certificate): string {
  const trusted = `${certFile}.trusted`;
  execFileSync(openssl(), ['x509', '-in', certFile, '-trustout', '-addtrust', 'serverAuth', '-out', trusted]);
  return trusted;
}

function openssl(): string {
  const binary = findEngine('openssl');
  if (binary === null) throw new Error('openssl is not installed');
  return binary;
}

/** A certificate authority of its own, of no days an expired one, made by openssl in a folder that is gone when the test has finished. */
export function createAuthority(name: string, days = 2): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'slograph-certificates-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const binary = openssl();
  const run = (...args: string[]) => execFileSync(binary, args, { cwd: folder, stdio: 'pipe' });
  const read = (stem: string): Certificate => {
    const [certFile, keyFile] = [join(folder, `${stem}.pem`), join(folder, `${stem}.key`)];
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  };
  // `req -x509` refuses no days, `x509` does not.
  writeFileSync(join(folder, 'ca.ext'), 'basicConstraints=critical,CA:TRUE\n');
  run('req', ...KEY, '-keyout', 'ca.key', '-out', 'ca.csr', '-subj', `/CN=${name}`);
  const self = ['-signkey', 'ca.key', '-extfile', 'ca.ext', '-days', String(days)];
  run('x509', '-req', '-in', 'ca.csr', '-out', 'ca.pem', ...self);
  let signed = 0;
  return {
    ...read('ca'),
    sign(subject, leafDays = 2) {
      const stem = `leaf-${signed++}`;
      writeFileSync(join(folder, `${stem}.ext`), `subjectAltName=DNS:${subject}\n`);
      run('req', ...KEY, '-keyout', `${stem}.key`, '-out', `${stem}.csr`, '-subj', `/CN=${subject}`);
      const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', `${stem}.ext`];
      run('x509', '-req', '-in', `${stem}.csr`, '-out', `${stem}.pem`, ...signer, '-days', String(leafDays));
      return read(stem);
    },
  };
}
